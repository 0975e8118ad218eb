"""Checks of command-line arguments that need no model."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from aigc_tf.errors import InputError
from aigc_tf.recipes.fields import MAX_COUNT
from aigc_tf.recipes.settings import MAX_SEED


def require_counts(**counts: int | None) -> None:
    """Raise InputError unless each given number is a valid count: from 1 to `MAX_COUNT`."""
    _require_between(1, MAX_COUNT, counts)


def require_seed(seed: int | None) -> None:
    """Raise InputError unless a number is a valid seed: from 0 to `MAX_SEED`."""
    _require_between(0, MAX_SEED, {"seed": seed})


def _require_between(least: int, most: int, numbers: Mapping[str, int | None]) -> None:
    for name, value in numbers.items():
        if value is not None and not least <= value <= most:
            limit = f"at least {least}" if value < least else f"at most {most:,}"
            raise InputError(f"--{name.replace('_', '-')} is {value}: give {limit}")


def require_inputs(paths: Sequence[Path], text: Sequence[str], may_be_words: bool = False) -> None:
    """Raise InputError unless there are either paths that exist, or texts; paths that do not exist may be words."""
    if paths and text:
        raise InputError(f"{paths[0]} and --text are both inputs: give one of them")
    if not paths and not text:
        raise InputError("no inputs are named: give files or folders, or --text")
    if not may_be_words:
        for path in paths:
            if not path.exists():
                raise InputError(f"{path} does not exist: name files, or folders that hold some")


def require_ending(out: Path, endings: Sequence[str]) -> None:
    """Raise InputError unless a name has one of these extensions; "" stands for a folder."""
    if out.suffix not in endings:
        known = ", ".join(ending for ending in endings if ending)
        folder = ", or a folder" if "" in endings else ""
        found = f"ends in {out.suffix}" if out.suffix else f"is {out}"
        raise InputError(f"--out {found}: choose a name that ends in {known}{folder}")


def require_new(out: Path) -> None:
    """Raise InputError if a path exists already."""
    if out.exists():
        raise InputError(f"{out} already exists: choose another --out")


def require_place(path: Path | None) -> None:
    """Raise OSError, as writing would, if nothing can be written at a path: part of it is a file or write-protected."""
    if path is None:
        return
    place = next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())
    number = None
    if place != path.absolute() and not place.is_dir():
        number = errno.ENOTDIR
    elif not os.access(place, os.W_OK):
        number = errno.EACCES
    if number is not None:
        raise OSError(number, os.strerror(number), str(path))
