"""Atomic writes, and folders locked by one process."""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

from aigc_tf.errors import InputError, printable

LOCK, OWNER = ".lock", ".lock-owner"
"""The second says who holds the first, which Windows lets no other process read."""
PARTIAL = ".partial"


def expanded(path: str | Path, setting: str = "") -> Path:
    """Expand `~` or `~user` in a path to the home folder.

    Args:
        path: as the user gives it.
        setting: the environment variable that sets the path, for the message.

    Raises:
        InputError: there is no such user, or this one has no home.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        fix = f"set {setting} to a folder" if setting else "name the folder itself"
        raise InputError(f"{printable(str(path))} cannot be found ({printable(str(error))}): {fix}") from None


@contextlib.contextmanager
def named(path: Path) -> Iterator[None]:
    """Add the file's name to errors of writing it: the system leaves it out when a disk is full."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write that gets its name only when it is complete and synced to disk.

    After a crash there is the old file or the new one; a failed write leaves nothing. Several processes that write the
    same file each have their own temporary file: the last one to finish wins.
    """
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}{PARTIAL}")
    try:
        with named(path):
            with temporary.open("xb") as file:  # x: a link that lies there is not followed
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            sync(path.parent)
    finally:
        with contextlib.suppress(OSError):  # a folder that has become read-only was reported above
            temporary.unlink(missing_ok=True)


def write_atomically(path: Path, write: Callable[[IO[bytes]], Any]) -> None:
    """Call `write(file)` on a `new_file`."""
    with new_file(path) as file:
        write(file)


def append(path: Path, line: str) -> None:
    """Append a line to a log. A crash may leave a partial line, which readers of the log must expect."""
    with named(path), path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically: readers find the old one or the new one, never a part."""
    write_atomically(path, lambda file: file.write(text.encode(errors="backslashreplace")))  # names need not be UTF-8


def sync(path: Path) -> None:
    """Sync a file, or the names in a folder, to disk: a renamed file is safe only when its new name is."""
    if os.name == "nt":
        if path.is_dir():
            return  # Windows opens no folders, and its file system keeps a journal of names
        flags = os.O_RDWR  # only a file open for writing is synced
    else:
        flags = os.O_RDONLY
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def staging(beside: Path) -> Iterator[Path]:
    """A temporary folder beside a path, to build something that is then moved there; removed at the end.

    A killed process leaves it behind. The next one that builds the same, or `remove_partial`, removes it.
    """
    beside.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{beside.name}."
    for path in beside.parent.glob(f"{glob.escape(prefix)}*{PARTIAL}"):
        _remove_left(path)
    with (
        tempfile.TemporaryDirectory(dir=beside.parent, prefix=prefix, suffix=PARTIAL) as name,
        FileLock(Path(name) / LOCK),  # marks it as in use for as long as this process lives
    ):
        yield Path(name)


def bring_to_disk(folder: Path) -> None:
    """Sync everything in a folder to disk."""
    for path in [folder, *folder.rglob("*")]:
        sync(path)


def remove_partial(folder: Path) -> None:
    """Remove what killed writes left in a folder and its subfolders."""
    for path in list(folder.rglob(f"*{PARTIAL}")):
        _remove_left(path)


def _remove_left(path: Path) -> None:
    """Remove a temporary file, or a temporary folder that no process uses."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    try:
        FileLock(path / LOCK).acquire(timeout=0).lock.release()  # Windows does not remove a locked file
    except Timeout:
        return  # its process still writes
    with contextlib.suppress(FileNotFoundError):  # another process removes it as well
        shutil.rmtree(path)


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Lock a folder against other processes; the system releases the lock however this process ends.

    The lock file may stay: a dead process holds no lock.

    Raises:
        InputError: another process, or another call in this one, holds it.
    """
    lock, owner = FileLock(folder / LOCK), folder / OWNER
    try:
        lock.acquire(timeout=0)
    except Timeout:
        holder = owner.read_text(encoding="utf-8").strip() if owner.is_file() else ""
        shown = printable(holder) or "another process"
        raise InputError(f"{folder} is in use by {shown}: wait until it has ended, or stop it") from None
    try:
        with named(owner):
            owner.write_text(f"process {os.getpid()} on {socket.gethostname()}\n", encoding="utf-8")
        yield
    finally:
        owner.unlink(missing_ok=True)
        lock.release()
