"""Reads text and array files of the user, for every modality."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.storage.archives import ArchiveError, read_arrays

_PIECE = 2**22  # bytes or characters held in memory at once


class EmptyError(UnreadableError):
    """A file contains nothing but white space."""


def read_text(path: Path) -> str:
    """Read a UTF-8 text file, with line ends as `\
    ` and without a byte order mark.

    Raises:
        EmptyError: it contains no text.
        UnreadableError: it is not text.
        OSError: the file cannot be read.
    """
    return "".join(text_pieces(path))


def text_pieces(path: Path, limit: int | None = None) -> Iterator[str]:
    """Read a text file in pieces of some megabytes; see `read_text`, and `pieces` for where they are cut.

    Args:
        path: the file.
        limit: maximum bytes to read; a longer text is cut after the last white space in them. None for all.
    """
    yield from pieces(_decoded(path, limit))


def pieces(texts: Iterable[str]) -> Iterator[str]:
    """Regroup the parts of a text into pieces of at most some megabytes, cut before white space, never in a word."""
    kept = ""
    for text in texts:
        for start in range(0, len(text), _PIECE):
            found = kept + text[start : start + _PIECE]
            cut = max(found.rfind(" "), found.rfind("\n"))
            if cut <= 0:
                cut = len(found) if len(found) >= _PIECE else 0  # a word of megabytes is cut
            if cut:
                yield found[:cut]
            kept = found[cut:]
    if kept:
        yield kept


def _decoded(path: Path, limit: int | None) -> Iterator[str]:
    """The decoded text in parts."""
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
    except UnicodeDecodeError as error:  # its object starts with the rest of earlier content, which has no line end
        line = lines + error.object[: error.start].count(b"\n")
        raise UnreadableError(f"is not in UTF-8, see line {line}: convert it, with iconv for example") from error


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read the arrays of an .npz file by name; nothing in it can run code.

    Raises:
        InputError: it is damaged, or contains objects.
    """
    try:
        return read_arrays(path)
    except ArchiveError as error:
        raise InputError(f"{path} cannot be read as .npz ({error}): write plain arrays with numpy.savez") from error
