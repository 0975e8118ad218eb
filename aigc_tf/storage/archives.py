"""Reads `.npz` files that may be damaged, malicious or encrypted."""

from __future__ import annotations

import errno
import lzma
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path

import numpy as np
import psutil  # type: ignore[import-untyped]

from aigc_tf.errors import InputError, UnavailableError
from aigc_tf.storage.sealed import opened

# Errors that the readers of zip files and of NumPy headers raise for damaged files (found by changing and cutting
# bytes).
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


# System errors that are about the file itself: a seek to before its beginning, or no such file.
_OF_THE_FILE = {None, errno.EINVAL, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG}


class ArchiveError(Exception):
    """A file is not an `.npz` archive of plain arrays, or it is damaged; the message says why in a few words."""


def read_arrays(path: Path, only: str | None = None) -> dict[str, np.ndarray]:
    """The arrays of an `.npz` file by name; nothing in it can run code, and each has a checksum.

    Args:
        path: of the file.
        only: the name of the one array to read, if it is there; None reads all.

    Raises:
        ArchiveError: the file is missing or damaged, holds Python objects, or what it holds does not fit in memory.
        UnavailableError: it cannot be read at the moment.
    """
    try:
        # Opened here, since NumPy would leave a file that it cannot read open.
        with opened(path) as file:
            with zipfile.ZipFile(file) as archive:
                size = sum(member.file_size for member in archive.infolist())
            if size > psutil.virtual_memory().available:
                raise ArchiveError(f"it holds {size:,} bytes, which do not fit in memory")
            file.seek(0)
            with np.load(file, allow_pickle=False) as content:
                arrays = {name: content[name] for name in content.files if only in (None, name)}
    except InputError:  # about the key, not the file; it is a ValueError as well
        raise
    except _DAMAGE as error:
        _refuse_unreadable(path, error)
        raise ArchiveError(_reason(error)) from error
    others = [name for name, array in arrays.items() if not isinstance(array, np.ndarray)]
    if others:
        raise ArchiveError(f"{others[0]!r} in it is not an array")
    return arrays


def names_in(path: Path) -> list[str]:
    """The names of the arrays in an `.npz` file, without reading the arrays.

    Raises:
        ArchiveError: the file is missing or damaged.
        UnavailableError: it cannot be read at the moment.
    """
    try:
        with opened(path) as file, zipfile.ZipFile(file) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]
    except InputError:  # about the key, not the file; it is a ValueError as well
        raise
    except _DAMAGE as error:
        _refuse_unreadable(path, error)
        raise ArchiveError(_reason(error)) from error


def is_whole(path: Path) -> bool:
    """Whether a file exists, is an archive, and is intact according to its checksums.

    Raises:
        UnavailableError: it cannot be read at the moment: no permission, a disk fault, no memory, too many open files.
            files.
    """
    try:
        with opened(path) as file, zipfile.ZipFile(file) as archive:
            return archive.testzip() is None
    except InputError:  # about the key, not the file; it is a ValueError as well
        raise
    except _DAMAGE as error:
        _refuse_unreadable(path, error)
        return False


def _refuse_unreadable(path: Path, error: BaseException) -> None:
    """Raise UnavailableError if the error is not about the file: it may be intact, and readable later."""
    if isinstance(error, MemoryError):
        why = "there is not enough memory"
    elif isinstance(error, OSError) and error.errno not in _OF_THE_FILE:
        why = str(error.strerror)
    else:
        return
    raise UnavailableError(f"{path} cannot be read at the moment: {why}; it is left as it is") from error


def _reason(error: BaseException) -> str:
    if "pickle" in str(error):
        return "it holds Python objects, which are not loaded because they can run any program"
    return " ".join(str(error).split()) or type(error).__name__
