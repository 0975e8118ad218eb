"""The user's files of text and of arrays, as every modality reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.storage.archives import ArchiveError, read_arrays


class EmptyError(UnreadableError):
    """A file holds nothing but white space."""


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, with line ends as `\\n` and without a byte order mark.

    Raises:
        EmptyError: it holds no text.
        UnreadableError: it holds something else.
        OSError: the file cannot be read.
    """
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableError("is UTF-16: save it as UTF-8")
    place = content.find(b"\0")
    if place >= 0:
        raise UnreadableError(f"is not text, byte {place} is NUL: name a text file in UTF-8")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UnreadableError(f"is not in UTF-8, see line {line}: convert it, with iconv for example") from error
    if not text.strip():
        raise EmptyError("is empty: name a file that holds text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file by name; nothing in it can run code.

    Raises:
        InputError: it is damaged, or holds objects.
    """
    try:
        return read_arrays(path)
    except ArchiveError as error:
        raise InputError(f"{path} cannot be read as .npz ({error}): write plain arrays with numpy.savez") from error
