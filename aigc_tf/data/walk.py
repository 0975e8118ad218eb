"""Walks through folders for all file types: regular files only, links followed once."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from aigc_tf.errors import InputError, listed, printable

_NAMED_AT_MOST = 5  # of each kind of skipped entry; a folder may have a million other files
_OTHER, _SPECIAL, _HIDDEN, _SEEN = (
    "with other names",
    "pipe, device or socket",
    "hidden",
    "read already by another path",
)


@dataclass(frozen=True)
class Found:
    """The result of a walk."""

    files: list[str]
    """Relative to the folder, sorted by name. Broken links are included: reading them fails, which is reported like a
    damaged file."""
    left_out: str
    """What else was found, in words and with counts; empty if nothing."""


def files_below(folder: Path, endings: tuple[str, ...] = (), pattern: str = "*") -> Found:
    """Find the files below a folder.

    Hidden files and folders, whose names start with a dot, are skipped, as is everything but regular files: nothing is
    opened. Linked folders are followed, but no folder is read twice; one also found under its own name gets that name.

    Args:
        folder: the folder.
        endings: suffixes, in lower case; none for all. Case is ignored.
        pattern: glob pattern of names, ignoring case.

    Raises:
        InputError: a folder cannot be read.
    """
    walk = _Walk(folder, endings or ("",), pattern.lower())
    walk.run()
    return Found(sorted(walk.files, key=lambda name: name.replace(os.sep, "\0")), ", ".join(walk.words()))


def refuse_special(path: Path, what: str) -> None:
    """Raise InputError for a pipe, a device or a socket: opening one may hang, and reading may never end."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise InputError(
            f"{what} {printable(str(path))} is a pipe, a device or a socket: name a regular file or a folder"
        )


@dataclass
class _Walk:
    folder: Path
    endings: tuple[str, ...]
    pattern: str
    files: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def run(self) -> None:
        """Read the folder and its sub-folders; linked ones come last, so that others keep their own names."""
        folders, links = [""], deque[str]()
        seen = set()
        while folders or links:
            name = folders.pop() if folders else links.popleft()
            try:
                status = (self.folder / name).stat()
                if (status.st_dev, status.st_ino) in seen:
                    self._leave_out(_SEEN, name)
                    continue
                seen.add((status.st_dev, status.st_ino))
                with os.scandir(self.folder / name) as scanned:
                    entries = sorted(scanned, key=lambda entry: entry.name)
            except OSError as error:
                raise InputError(
                    f"folder {printable(str(self.folder / name))} cannot be read: {error.strerror}"
                ) from error
            for entry in entries:
                below = f"{name}{os.sep}{entry.name}" if name else entry.name
                if self._is_folder(entry, below):
                    (links if entry.is_symlink() else folders).append(below)

    def _is_folder(self, entry: os.DirEntry[str], below: str) -> bool:
        """Whether it is a folder to read; if not, it is included or skipped."""
        folder, regular = _kind(entry)
        name = entry.name.lower()
        wanted = folder or (name.endswith(self.endings) and fnmatchcase(name, self.pattern))
        if not wanted:
            if not name.startswith("."):
                self._leave_out(_OTHER, below)
        elif name.startswith("."):
            self._leave_out(_HIDDEN, below)
        elif folder:
            return True
        elif regular:
            self.files.append(below)
        else:
            self._leave_out(_SPECIAL, below)
        return False

    def _leave_out(self, kind: str, name: str) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if self.counts[kind] <= _NAMED_AT_MOST:
            self.examples.setdefault(kind, []).append(printable(name))

    def words(self) -> Iterator[str]:
        """What was skipped: the count of each kind, with the first names."""
        for kind, count in self.counts.items():
            names = listed([*self.examples[kind], *[""] * (count - len(self.examples[kind]))])
            yield f"{count:,} {kind} ({names})"


def _kind(entry: os.DirEntry[str]) -> tuple[bool, bool]:
    """Whether it is a folder, and whether to read it as a file; follows links."""
    try:
        if entry.is_dir():
            return True, False
        return False, entry.is_file() or (entry.is_symlink() and not Path(entry.path).exists())
    except OSError:  # a link to itself
        return False, True


def states(folder: Path, names: Iterable[str]) -> Iterator[os.stat_result | None]:
    """`os.stat` of each file in a folder; None if it cannot be looked up."""
    for name in names:
        try:
            yield os.stat(f"{folder}{os.sep}{name}")  # noqa: PTH116 (fast: there may be a million files)
        except OSError:
            yield None
