"""One walk through a folder for all kinds of files."""

from __future__ import annotations

import os
from fnmatch import fnmatch
from pathlib import Path

from aigc_tf.errors import InputError


def files_below(folder: Path, endings: tuple[str, ...] = (), pattern: str = "*") -> list[Path]:
    """Paths of files below a folder, relative to it, in the order of their names.

    Files and folders whose names begin with a dot are ignored; linked folders are followed, once.

    Args:
        folder: where to look.
        endings: that names have, in small letters; none for all.
        pattern: that names match.

    Raises:
        InputError: a folder cannot be read.
    """

    def refuse(error: OSError) -> None:
        raise InputError(f"folder {error.filename} cannot be read: {error.strerror}") from error

    found = []
    seen = set()
    for parent, folders, names in os.walk(folder, onerror=refuse, followlinks=True):
        status = Path(parent).stat()
        if (status.st_dev, status.st_ino) in seen:  # a link that leads back, or a second way to the same folder
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if not name.startswith(".") and fnmatch(name, pattern) and name.lower().endswith(endings or ("",)):
                found.append(Path(parent, name).relative_to(folder))
    return sorted(found, key=lambda path: path.parts)
