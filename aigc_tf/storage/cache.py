"""The cache: files that can be made again, kept between runs up to a limit."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from aigc_tf.errors import InputError, UnavailableError
from aigc_tf.storage.archives import ArchiveError
from aigc_tf.storage.files import PARTIAL, expanded, remove_partial, staging, sync

FOLDERS = ("images", "text", "features", "litert.js")
"""What the cache holds: prepared images, tokenized texts, feature networks, the runtime of exported pages."""
LIMITED = ("images", "text")
"""Those that share one limit."""
LIMIT = "AIGC_TF_CACHE_LIMIT"
_DEFAULT_LIMIT = 20  # GB

Found = TypeVar("Found")


@dataclass(frozen=True)
class Entry:
    """A file or folder in the cache."""

    path: Path
    size: int
    """Bytes."""
    used: float
    """Time of last use, in seconds since 1970."""


def cache_root() -> Path:
    """The project's cache: `$AIGC_TF_CACHE`, or `aigc_tf` in `$XDG_CACHE_HOME` or `~/.cache`."""
    base = os.environ.get("AIGC_TF_CACHE")
    if base:
        return expanded(base)
    return expanded(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "AIGC_TF_CACHE") / "aigc_tf"


def cache_folder(name: str) -> Path:
    """The folder `name` inside the project's cache, created if needed."""
    folder = cache_root() / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def reason_not_to_keep(folder: Path, size: int) -> str | None:
    """Why the folder cannot take a file of `size` bytes, in the system's words; None if it can. It is tried."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(size))
            file.flush()
    except OSError as error:
        return error.strerror or str(error)
    return None


def limit() -> int:
    """Bytes that prepared images and texts may take in all: `$AIGC_TF_CACHE_LIMIT` GB, 20 by default.

    Raises:
        InputError: the variable is not a number.
    """
    text = os.environ.get(LIMIT) or str(_DEFAULT_LIMIT)
    try:
        gigabytes = float(text)
        return int(gigabytes * 1e9)
    except (ValueError, OverflowError):
        raise InputError(f"{LIMIT} is {text!r}: give a number of GB, such as {_DEFAULT_LIMIT}") from None


def entries(folder: Path) -> list[Entry]:
    """The entries of a cache folder, most recently used first."""
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        if not path.name.endswith(PARTIAL):
            found.append(Entry(path, sum(_sizes(path)), path.stat().st_mtime))
    return sorted(found, key=lambda entry: -entry.used)


def make_room(needed: int) -> bool:
    """Make room for `needed` more bytes: remove the least recently used entries, and what killed writes left.

    Returns:
        Whether there is room.
    """
    folders = [cache_root() / name for name in LIMITED]
    for folder in folders:
        remove_partial(folder)
    room = limit() - needed
    if room < 0:
        return False
    for entry in sorted((entry for folder in folders for entry in entries(folder)), key=lambda entry: -entry.used):
        room -= entry.size
        if room < 0:
            _remove(entry.path)
    return True


def no_room(folder: Path, needed: int) -> str:
    """Why `needed` more bytes cannot be kept in a folder of the cache, in words; empty if they can."""
    if not make_room(needed):
        return f"they are {needed / 1e9:,.1f} GB, and the cache may take {limit() / 1e9:g} ({LIMIT})"
    if shutil.disk_usage(folder).free < needed:
        return f"{cache_root()} has no room for {needed / 1e9:,.1f} GB"
    return ""


def keep(entry: Path, make: Callable[[Path], bool]) -> None:
    """Create a folder of files and move it into the cache atomically, synced to disk.

    Args:
        entry: the destination.
        make: fills an empty folder, and returns whether to keep it.

    Raises:
        OSError: it cannot be written.
    """
    with staging(entry) as beside:
        made = beside / "entry"
        made.mkdir()
        if not make(made):
            return
        for path in (*made.iterdir(), made):
            sync(path)
        try:
            made.rename(entry)
        except OSError:
            if not entry.exists():  # otherwise another process has made the same
                raise
        sync(entry.parent)


def kept(entry: Path, read: Callable[[], Found]) -> Found | None:
    """Read an entry, which marks it as used; None if it does not exist, or is invalid and therefore removed.

    Args:
        entry: a folder.
        read: returns its content, or raises what damaged or foreign files raise.

    Raises:
        UnavailableError: it cannot be read at the moment; it stays.
    """
    if not entry.is_dir():
        return None
    try:
        found = read()
    except UnavailableError:
        raise
    except (ArchiveError, ValueError, KeyError, TypeError, FileNotFoundError):
        shutil.rmtree(entry)
        return None
    with contextlib.suppress(OSError):  # a read-only cache works as well
        os.utime(entry)
    return found


def clear() -> int:
    """Empty the cache, except for what other processes are writing; returns the bytes freed."""
    removed = 0
    for name in FOLDERS:
        folder = cache_root() / name
        if folder.is_dir():
            remove_partial(folder)
        for entry in entries(folder):
            _remove(entry.path)
            removed += entry.size
    return removed


def _sizes(path: Path) -> Iterator[int]:
    for file in [path, *path.rglob("*")]:
        if file.is_file():
            yield file.stat().st_size


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
