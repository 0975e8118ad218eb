"""Reads folders of photographs at their original sizes, and chooses the held-out ones."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from aigc_tf.data.images.decode import SUFFIXES, decode_files
from aigc_tf.data.images.layout import layout_of
from aigc_tf.data.images.prepare import decode_whole
from aigc_tf.data.photos.photos import Photos, gathered
from aigc_tf.data.progress import progress
from aigc_tf.data.source import HELD_OUT
from aigc_tf.data.walk import files_below
from aigc_tf.errors import InputError, UnreadableError, listed, printable
from aigc_tf.recipes.photos import PhotoSettings

_HELD_OUT_BELOW = 2**64 // 10


@dataclass(frozen=True, eq=False)
class Folder:
    """The photographs of a folder, sorted by name."""

    names: list[str]
    photos: Photos
    parts: list[str]
    """"train", "validation" or "test" for each, or "" where there are no folders for parts."""
    notes: tuple[str, ...]
    licence: str = "the user's own"
    split: str = "the test folder"
    """Origin of the test part, if `parts` has one."""


def read_folder(folder: Path, settings: PhotoSettings) -> Folder:
    """Read all photographs in a folder and its sub-folders that are at least as large as a crop.

    Raises:
        InputError: there are none, or too many cannot be read.
    """
    walked = files_below(folder, SUFFIXES)
    notes = [f"left out: {walked.left_out}"] if walked.left_out else []
    if not walked.files:
        raise InputError(f"folder {folder} holds no photographs: expected files that end in {', '.join(SUFFIXES)}")
    layout = layout_of(walked.files, f"folder {folder}", has_classes=False)
    names: list[str] = []
    parts: list[str] = []
    unreadable: list[str] = []
    small: list[str] = []

    def readable() -> Iterator[np.ndarray]:
        paths = [folder / file for file in layout.files]
        with contextlib.closing(decode_files(paths, partial(decode_whole, channels=settings.channels))) as decoded:
            for index, photo in enumerate(progress(decoded, len(paths), "reading photographs")):
                name = layout.files[index]
                if isinstance(photo, UnreadableError):
                    unreadable.append(f"{printable(name)} ({photo})")
                elif min(photo.shape[:2]) < settings.crop:
                    small.append(f"{printable(name)} ({photo.shape[1]}x{photo.shape[0]})")
                else:
                    names.append(name)
                    parts.append(layout.parts[index])
                    yield photo

    photos = gathered(readable(), settings.channels)
    if len(unreadable) > settings.max_unreadable * len(layout.files) or len(unreadable) == len(layout.files):
        raise InputError(
            f"{len(unreadable)} of {len(layout.files)} photographs in {folder} cannot be read, more than the share of "
            f"{settings.max_unreadable:g} that photos.max_unreadable allows: {listed(unreadable)}; repair or remove "
            "them"
        )
    if not names:
        raise InputError(
            f"no photograph in {folder} has {settings.crop} pixels in height and width: give --photos.crop a smaller "
            f"number ({listed(small)})"
        )
    notes += [f"{len(unreadable)} files could not be read and are left out: {listed(unreadable)}"] if unreadable else []
    notes += [f"{len(small)} smaller than a crop are left out: {listed(small)}"] if small else []
    return Folder(names, photos, parts, (*notes, *layout.notes))


def test_rows(found: Folder, settings: PhotoSettings) -> tuple[np.ndarray, str]:
    """Which photographs to test on, bool `[count]`, and why: the folder's own parts, or a tenth."""
    if "test" in found.parts:
        return np.array([part == "test" for part in found.parts]), found.split
    split = HELD_OUT if settings.group is None else f"10 % held out by a hash of {settings.group!r} in file names"
    return held_out(found.names, found.photos, settings.group) & ~validation_rows(found), split


def validation_rows(found: Folder) -> np.ndarray:
    """Which photographs are in a validation folder, bool `[count]`."""
    return np.array([part == "validation" for part in found.parts or [""] * len(found.names)], bool)


def held_out(names: Sequence[str], photos: Photos, group: str | None) -> np.ndarray:
    """Hold out about a tenth as test part, with duplicates and groups on the same side: bool `[count]`."""
    keys = [
        _hash(photo.data if motif is None else motif) for motif, photo in zip(motifs(names, group), photos, strict=True)
    ]
    tested = np.array([key < _HELD_OUT_BELOW for key in keys])
    if not tested.any() and len(set(keys)) > 1:
        tested = np.array([key == min(keys) for key in keys])
    if tested.all() and len(set(keys)) > 1:
        tested = np.array([key != max(keys) for key in keys])
    return tested if not tested.all() else np.zeros(len(keys), bool)


def motifs(names: Sequence[str], pattern: str | None) -> list[bytes | None]:
    """The part of each file name that identifies its motif, of which there may be variants; None without a pattern."""
    return [None if pattern is None else _motif(name, pattern) for name in names]


def _motif(name: str, pattern: str) -> bytes:
    """The pattern's match in a file name, or its first group if it has one; the whole name if there is no match."""
    match = re.search(pattern, Path(name).name)
    if match is None:
        return name.encode(errors="surrogateescape")
    first = match[1] if match.re.groups else None  # also None if the group did not take part in the match
    return (match[0] if first is None else first).encode(errors="surrogateescape")


def _hash(content: bytes | memoryview) -> int:
    return int.from_bytes(hashlib.sha256(content).digest()[:8])
