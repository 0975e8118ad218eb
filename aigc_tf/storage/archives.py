"""Reads `.npz` files that may be damaged or made to harm."""

from __future__ import annotations

import lzma
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path

import numpy as np
import psutil  # type: ignore[import-untyped]

# What the readers of zip files and of NumPy's headers raise for damaged files (found by changing and cutting bytes).
_DAMAGE = (
    OSError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    MemoryError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)


class ArchiveError(Exception):
    """A file is no `.npz` archive of plain arrays, or a damaged one; the message says why in a few words."""


def read_arrays(path: Path, only: str | None = None) -> dict[str, np.ndarray]:
    """The arrays of an `.npz` file by name; nothing in it can run code, and each has a checksum.

    Args:
        path: of the file.
        only: the name of the one array to read, if it is there; None reads all.

    Raises:
        ArchiveError: the file is missing or damaged, holds Python objects, or what it holds does not fit in memory.
    """
    try:
        # Opened here, not by NumPy, which leaves a file that it cannot read open.
        with path.open("rb") as file:
            with zipfile.ZipFile(file) as archive:
                size = sum(member.file_size for member in archive.infolist())
            if size > psutil.virtual_memory().available:
                raise ArchiveError(f"it holds {size:,} bytes, which do not fit in memory")
            file.seek(0)
            with np.load(file, allow_pickle=False) as content:
                arrays = {name: content[name] for name in content.files if only in (None, name)}
    except _DAMAGE as error:
        raise ArchiveError(_reason(error)) from error
    others = [name for name, array in arrays.items() if not isinstance(array, np.ndarray)]
    if others:
        raise ArchiveError(f"{others[0]!r} in it is not an array")
    return arrays


def names_in(path: Path) -> list[str]:
    """The names of the arrays in an `.npz` file, which are not read.

    Raises:
        ArchiveError: the file is missing or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]
    except _DAMAGE as error:
        raise ArchiveError(_reason(error)) from error


def is_whole(path: Path) -> bool:
    """Whether a file is there, is an archive, and holds every byte as it was written, by its checksums."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except _DAMAGE:
        return False


def _reason(error: BaseException) -> str:
    if "pickle" in str(error):
        return "it holds Python objects, which are not loaded because they can run any program"
    return " ".join(str(error).split()) or type(error).__name__
