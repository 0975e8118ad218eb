"""Interprets folder structure: training and test parts, and classes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aigc_tf.errors import InputError, listed, printable

# Names, in lower case, of top-level folders that each contain a part of the examples.
_PARTS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}


@dataclass(frozen=True, eq=False)
class Layout:
    """The files of a folder to use, with their parts and classes."""

    files: tuple[str, ...]
    """Relative to the folder, sorted by name."""
    parts: tuple[str, ...]
    """"train", "validation" or "test" for each file, or "" where there are no folders for parts."""
    labels: np.ndarray | None
    """int64 `[files]`, indices into `class_names`; None without classes."""
    class_names: tuple[str, ...] | None
    notes: tuple[str, ...] = ()
    """Notes on what is left out, and why there are no classes where there might be."""


def layout_of(files: Sequence[str], folder: str, has_classes: bool = True) -> Layout:
    """Interpret the paths of files.

    Top-level folders named train, test, val or validation are the parts. In each part, or in the folder itself, two or
    more sub-folders are classes. Files beside them are left out; but if these are at least as many as those in
    sub-folders, all are used, without classes.

    Args:
        files: relative to the folder, sorted by name.
        folder: its name in messages.
        has_classes: whether sub-folders may be classes; otherwise all files are used.

    Raises:
        InputError: only some of the top-level folders are parts, or none of several is for training.
    """
    places = [name.split(os.sep) for name in files]  # noqa: PTH206 (fast: there may be a million)
    parts = [""] * len(files)
    notes, taken = [], [True] * len(files)
    if _has_parts({place[0] for place in places if len(place) > 1}, folder):
        taken = [len(place) > 1 for place in places]
        notes += _left_out(files, taken, "beside the folders of parts")
        parts = [_PARTS[place[0].lower()] if part else "" for place, part in zip(places, taken, strict=True)]
        places = [place[1:] or place for place in places]
    classes = [place[0] if len(place) > 1 else None for place in places]
    learnt = [name for name, part, kept in zip(classes, parts, taken, strict=True) if kept and part in ("", "train")]
    beside = learnt.count(None)
    labelled = has_classes and len({name for name in learnt if name is not None}) > 1 and beside < len(learnt) - beside
    if labelled:
        in_class = [name is not None or not kept for name, kept in zip(classes, taken, strict=True)]
        notes += _left_out(files, in_class, "beside the folders of classes")
        taken = [kept and name is not None for name, kept in zip(classes, taken, strict=True)]
    elif has_classes and beside and len(set(learnt)) > 2:
        notes.append(f"no classes: {beside:,} images lie beside the sub-folders, at least as many as in them")
    rows = [row for row, kept in enumerate(taken) if kept]
    names = sorted({str(classes[row]) for row in rows}) if labelled else []
    place_of = {name: position for position, name in enumerate(names)}
    return Layout(
        files=tuple(files[row] for row in rows),
        parts=tuple(parts[row] for row in rows),
        labels=np.array([place_of[str(classes[row])] for row in rows], np.int64) if labelled else None,
        class_names=tuple(map(printable, names)) if labelled else None,
        notes=tuple(notes),
    )


def _has_parts(tops: set[str], folder: str) -> bool:
    """Whether the top-level folders are parts.

    Raises:
        InputError: it is ambiguous.
    """
    named = sorted(top for top in tops if top.lower() in _PARTS)
    others = sorted(printable(top) for top in tops if top.lower() not in _PARTS)
    parts = {_PARTS[top.lower()] for top in named}
    if len(parts) < 2:
        return parts == {"train"} and not others
    if "train" not in parts:
        raise InputError(f"{folder} has the folders {', '.join(named)} and none for training: name one train")
    if others:
        raise InputError(
            f"{folder} has the folders {', '.join(named)} of parts and beside them {listed(others)}: move the others "
            "away, or name the folder to train on"
        )
    return True


def _left_out(files: Sequence[str], taken: Sequence[bool], why: str) -> list[str]:
    names = [printable(name) for name, kept in zip(files, taken, strict=True) if not kept]
    return [f"left out: {len(names):,} {why} ({listed(names)})"] if names else []
