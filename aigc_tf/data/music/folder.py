"""Reads folders of MIDI files, and reports why files are left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from aigc_tf.data.music.midi import SUFFIXES
from aigc_tf.data.paths import existing, is_path
from aigc_tf.data.progress import progress
from aigc_tf.data.walk import files_below
from aigc_tf.errors import InputError, UnreadableError, listed, printable

_EXPECTED = "a folder of MIDI files"

Read = TypeVar("Read")


def midi_folder(name: str) -> Path:
    """The folder that a recipe's `source` names.

    Raises:
        InputError: there is none.
    """
    if not is_path(name, SUFFIXES, _EXPECTED):
        raise InputError(f"source {name!r} is not known: name {_EXPECTED}, or say auto")
    path = existing(name, _EXPECTED)
    if not path.is_dir():
        raise InputError(f"source {path} is a single file: name {_EXPECTED}")
    return path


def read_files(folder: Path, read: Callable[[Path], Read], allowed: float, field: str) -> tuple[list[Read], list[str]]:
    """Read the files of a folder and its sub-folders, sorted by name.

    Args:
        folder: the folder.
        read: reads a file; raises UnreadableError or OSError on failure.
        allowed: maximum share of files that may be left out.
        field: the recipe's field for that share.

    Returns:
        The results, and notes on what was left out.

    Raises:
        InputError: there are no files, or too many are left out.
    """
    walked = files_below(folder, SUFFIXES)
    if not walked.files:
        raise InputError(f"folder {folder} holds no MIDI files: expected files that end in {', '.join(SUFFIXES)}")
    found: list[Read] = []
    reasons: dict[str, list[str]] = defaultdict(list)
    for name in progress(walked.files, len(walked.files), "reading MIDI files"):
        try:
            found.append(read(folder / name))
        except UnreadableError as error:
            reasons[str(error)].append(printable(name))
        except OSError as error:
            reasons[error.strerror or "cannot be read"].append(printable(name))
    left_out = [f"{len(names):,} ({reason}): {listed(names)}" for reason, names in reasons.items()]
    count = sum(map(len, reasons.values()))
    if not found or count > allowed * len(walked.files):
        raise InputError(
            f"{count} of {len(walked.files)} files in {folder} are left out, and {field} allows a share of "
            f"{allowed:g}: {'; '.join(left_out[:3])}"
        )
    notes = [f"left out: {walked.left_out}"] if walked.left_out else []
    return found, notes + [f"left out: files {words}" for words in left_out]
