"""The user's files of text and of arrays, as every modality reads them."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.storage.archives import ArchiveError, read_arrays

_PIECE = 2**22  # bytes or characters that are held at once


class EmptyError(UnreadableError):
    """A file holds nothing but white space."""


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, with line ends as `\\n` and without a byte order mark.

    Raises:
        EmptyError: it holds no text.
        UnreadableError: it holds something else.
        OSError: the file cannot be read.
    """
    return "".join(text_pieces(path))


def text_pieces(path: Path, limit: int | None = None) -> Iterator[str]:
    """The text of a file, some megabytes at a time; see `read_text`, and `pieces` for where it is cut.

    Args:
        path: of the file.
        limit: bytes that are read; of a longer file the text ends after the last white space in them. None for all.
    """
    yield from pieces(_decoded(path, limit))


def pieces(texts: Iterable[str]) -> Iterator[str]:
    """Parts of a text as others of at most some megabytes, cut before white space: no word is in two of them."""
    kept = ""
    for text in texts:
        for start in range(0, len(text), _PIECE):
            found = kept + text[start : start + _PIECE]
            cut = max(found.rfind(" "), found.rfind("\n"))
            if cut <= 0:
                cut = len(found) if len(found) >= _PIECE else 0  # a word of megabytes is none
            if cut:
                yield found[:cut]
            kept = found[cut:]
    if kept:
        yield kept


def _decoded(path: Path, limit: int | None) -> Iterator[str]:
    """The text as it is read."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder("utf-8-sig")(), translate=True)
    read, lines, is_empty, is_cut = 0, 1, True, False
    with path.open("rb") as file:
        while content := file.read(_PIECE if limit is None else min(_PIECE, limit - read)):
            if not read and content.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise UnreadableError("is UTF-16: save it as UTF-8")
            place = content.find(b"\0")
            if place >= 0:
                raise UnreadableError(f"is not text, byte {read + place} is NUL: name a text file in UTF-8")
            text = _decode(decoder, content, lines)
            read += len(content)
            lines += content.count(b"\n")
            is_empty = is_empty and not text.strip()
            is_cut = read == limit and bool(file.peek(1))
            if is_cut:
                text = text[: max(text.rfind(" "), text.rfind("\n")) + 1] or text
            yield text
    if not is_cut:
        yield _decode(decoder, b"", lines, final=True)
    if is_empty:
        raise EmptyError("is empty: name a file that holds text")


def _decode(decoder: io.IncrementalNewlineDecoder, content: bytes, lines: int, final: bool = False) -> str:
    try:
        return decoder.decode(content, final)
    except UnicodeDecodeError as error:  # its object begins with what is left of the content before, which ends no line
        line = lines + error.object[: error.start].count(b"\n")
        raise UnreadableError(f"is not in UTF-8, see line {line}: convert it, with iconv for example") from error


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file by name; nothing in it can run code.

    Raises:
        InputError: it is damaged, or holds objects.
    """
    try:
        return read_arrays(path)
    except ArchiveError as error:
        raise InputError(f"{path} cannot be read as .npz ({error}): write plain arrays with numpy.savez") from error
