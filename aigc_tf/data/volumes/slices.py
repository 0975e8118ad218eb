"""Slices of volumes as images, and their split.

Neighbouring slices are nearly the same, so slices are not split one by one: of a single volume one slab is the test
part and another one the validation part, with a gap around each; several volumes are split as wholes.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from aigc_tf.data.volumes.dicom import read_series, series_of
from aigc_tf.data.volumes.volume import DICOM_ENDINGS, NIFTI_ENDINGS, Volume, read_nifti
from aigc_tf.data.walk import files_below
from aigc_tf.errors import InputError, UnreadableError, listed, printable
from aigc_tf.recipes.images import PICTURE_ENDINGS
from aigc_tf.recipes.slices import SliceSettings

ENDINGS = (*NIFTI_ENDINGS, *DICOM_ENDINGS)
LICENCE = "the user's own. Not for diagnosis: nothing generated from volumes says anything about a patient"
_AXES = {"sagittal": 0, "coronal": 1, "axial": 2}
_TEST, _VALIDATION, _GAP = (0.4, 0.5), (0.6, 0.65), 0.03  # of a volume's extent
_SQUARE = 0.01  # of the spacing: pixels whose sides differ by more are resampled to squares


class Slice(NamedTuple):
    """A slice as an image."""

    name: str
    pixels: np.ndarray
    """uint8 `[height, width, 1]`; up in the image is up in the body, or the front for axial slices; right is right, or
    the front for sagittal slices."""
    part: str
    """"train", "validation" or "test"."""


class Slices(NamedTuple):
    """The slices of a source."""

    slices: list[Slice]
    test_split: str
    notes: tuple[str, ...]


class Found(NamedTuple):
    """A volume that has not been read yet."""

    name: str
    """Its name in messages."""
    key: str
    """The key that determines its side of a split."""
    read: Callable[[], Volume]


def holds_volumes(path: Path) -> bool:
    """Whether a file is a volume, or the first image or volume in a folder is one."""
    if not path.is_dir():
        return path.name.lower().endswith(ENDINGS)
    for _, folders, files in os.walk(path):
        folders.sort()
        for name in sorted(files):
            if name.lower().endswith((*ENDINGS, *PICTURE_ENDINGS)) and not name.startswith("."):
                return name.lower().endswith(ENDINGS)
    return False


def read_slices(path: Path, settings: SliceSettings) -> Slices:
    """Read the slices of a NIfTI file, or of all NIfTI files and DICOM series in a folder.

    Raises:
        InputError: a volume cannot be read.
    """
    found = volumes_at(path)
    slices: list[Slice] = []
    notes, empty = [], 0
    for volume, part in zip(found, _parts([one.key for one in found]), strict=True):
        cut, note = _slices_of(volume, part, settings)
        kept = [one for one in cut if one.pixels.min() < one.pixels.max()]
        empty += len(cut) - len(kept)
        slices += [one for one in kept if one.part]
        notes.append(note)
    if not slices:
        raise InputError(f"{path} has no {settings.axis} slice with anything in it: give another axis or window")
    notes += [f"left out: {empty} slices of one grey"] if empty else []
    one = len(found) == 1
    split = "a slab in the middle, with a gap around it" if one else "whole volumes, by a hash of their names"
    return Slices(slices, split, tuple(notes))


def volumes_at(path: Path) -> list[Found]:
    """The volumes at a path: NIfTI files sorted by name, then DICOM series.

    Raises:
        InputError: a DICOM file cannot be read.
    """
    names = files_below(path, ENDINGS).files if path.is_dir() else [path.name]
    folder = path if path.is_dir() else path.parent
    niftis = [name for name in names if name.lower().endswith(NIFTI_ENDINGS)]
    found = [Found(printable(name), name, partial(read_nifti, folder / name)) for name in niftis]
    dicoms = [folder / name for name in names if name not in set(niftis)]
    return found + (_series_in(path, dicoms) if dicoms else [])


def _series_in(path: Path, files: list[Path]) -> list[Found]:
    series, unreadable = series_of(files)
    if unreadable:
        named = listed([f"{printable(file.name)} ({why})" for file, why in unreadable.items()])
        raise InputError(f"{len(unreadable)} DICOM files of {path} cannot be read: {named}; repair or remove them")
    numbered = enumerate(series.items(), 1)
    return [Found(f"series {number}", key, partial(read_series, headers)) for number, (key, headers) in numbered]


def _parts(keys: list[str]) -> list[str]:
    """The part of each volume if there are several; "" for a single one, which is split into slabs."""
    if len(keys) == 1:
        return [""]
    order = sorted(range(len(keys)), key=lambda index: hashlib.sha256(keys[index].encode()).digest())
    tested = max(1, len(keys) // 10)
    chosen = max(1, len(keys) // 20) if len(keys) > 2 else 0
    parts = ["train"] * len(keys)
    for place, index in enumerate(order[: tested + chosen]):
        parts[index] = "test" if place < tested else "validation"
    return parts


def _slices_of(found: Found, part: str, settings: SliceSettings) -> tuple[list[Slice], str]:
    """All slices of a volume along an axis, and notes on it.

    Raises:
        InputError: it cannot be read.
    """
    try:
        volume = found.read()
        low, high = volume.window(settings.window)
    except UnreadableError as error:
        raise InputError(f"volume {found.name} {error}") from None
    axis = _AXES[settings.axis]
    across, down = np.delete(volume.spacing, axis)
    count = volume.values.shape[axis]
    slices = []
    for index in range(count):
        plane = np.take(volume.values, index, axis).T[::-1]
        grey = np.round(255 * np.clip((plane - low) / (high - low), 0, 1)).astype(np.uint8)
        pixels = _squared(grey, across, down)[..., np.newaxis]
        slices.append(Slice(f"{found.name}/{index:04}", pixels, part or _slab((index + 0.5) / count)))
    size, spacing = "x".join(map(str, volume.values.shape)), " x ".join(f"{length:.3g}" for length in volume.spacing)
    shown = f"{count} {settings.axis} slices, shown from {low:g} to {high:g}"
    return slices, f"{found.name}: {size} voxels of {spacing} mm, {shown}"


def _slab(place: float) -> str:
    """The part of a slice at a position in [0, 1] of a single volume; "" in a gap."""
    for part, (start, end) in (("test", _TEST), ("validation", _VALIDATION)):
        if start <= place < end:
            return part
        if start - _GAP <= place < end + _GAP:
            return ""
    return "train"


def _squared(grey: np.ndarray, across: float, down: float) -> np.ndarray:
    """Resample a slice to square pixels of the smaller side, bilinearly."""
    if abs(across - down) <= _SQUARE * min(across, down):
        return grey
    height, width = grey.shape
    side = min(across, down)
    size = (round(width * across / side), round(height * down / side))
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BILINEAR))
