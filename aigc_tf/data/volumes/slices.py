"""Slices of volumes as pictures, and which of them are held out.

Neighbouring slices are nearly the same, so slices are not dealt out one by one: of one volume a slab is tested on and
another one chooses, with a gap around each; of several volumes whole ones do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from aigc_tf.data.volumes.dicom import read_series, series_of
from aigc_tf.data.volumes.volume import DICOM_ENDINGS, NIFTI_ENDINGS, Volume, read_nifti
from aigc_tf.data.walk import files_below
from aigc_tf.errors import InputError, UnreadableError, listed, printable
from aigc_tf.recipes.slices import SliceSettings

ENDINGS = (*NIFTI_ENDINGS, *DICOM_ENDINGS)
LICENCE = "the user's own. Not for diagnosis: nothing that is made of volumes says anything about a patient"
_AXES = {"sagittal": 0, "coronal": 1, "axial": 2}
_SHOWN = (0.5, 99.5)  # percentiles that are black and white where no window is asked for
_TEST, _VALIDATION, _GAP = (0.4, 0.5), (0.6, 0.65), 0.03  # of a volume's extent
_SQUARE = 0.01  # of the spacing: pixels whose sides differ by more are made square


class Slice(NamedTuple):
    """One slice as a picture."""

    name: str
    pixels: np.ndarray
    """uint8 `[height, width, 1]`; up in the picture is up, of axial slices to the front; right is to the right, of
    sagittal slices to the front."""
    part: str
    """"train", "validation" or "test"."""


class Slices(NamedTuple):
    """The slices of a source."""

    slices: list[Slice]
    test_split: str
    notes: tuple[str, ...]


def holds_volumes(path: Path) -> bool:
    """Whether a file is a volume, or a folder holds some."""
    return bool(files_below(path, ENDINGS).files) if path.is_dir() else path.name.lower().endswith(ENDINGS)


def read_slices(path: Path, settings: SliceSettings) -> Slices:
    """The slices of a NIfTI file, or of all NIfTI files and DICOM series in a folder.

    Raises:
        InputError: a volume cannot be read.
    """
    volumes = list(_volumes(path))
    parts = _parts_of_volumes([volume.name for volume in volumes])
    slices, notes, empty = [], [], 0
    for volume, part in zip(volumes, parts, strict=True):
        low, high = settings.window or volume.window or np.percentile(volume.values, _SHOWN)
        if not low < high:
            raise InputError(f"{volume.name}: the window is empty, from {low:g} to {high:g}; give --window LOW HIGH")
        cut = list(_cut(volume, settings, float(low), float(high), part))
        kept = [one for one in cut if one.pixels.min() < one.pixels.max()]
        empty += len(cut) - len(kept)
        slices += [one for one in kept if one.part]
        size = "x".join(map(str, volume.values.shape))
        spacing = " x ".join(f"{length:.3g}" for length in volume.spacing)
        notes.append(
            f"{volume.name}: {size} voxels of {spacing} mm, {len(kept)} {settings.axis} slices, shown from {low:g} to "
            f"{high:g}"
        )
    if not slices:
        raise InputError(f"{path} has no {settings.axis} slice with anything in it: give another axis or window")
    notes += [f"left out: {empty} slices of one grey"] if empty else []
    one = len(volumes) == 1
    split = "a slab in the middle, with a gap around it" if one else "whole volumes, by a hash of their names"
    return Slices(slices, split, tuple(notes))


def _volumes(path: Path) -> Iterator[Volume]:
    """The volumes at a path: NIfTI files in the order of their names, then DICOM series.

    Raises:
        InputError: one of them cannot be read.
    """
    files = [path / name for name in files_below(path, ENDINGS).files] if path.is_dir() else [path]
    niftis = [file for file in files if file.name.lower().endswith(NIFTI_ENDINGS)]
    readers: dict[str, Callable[[str], Volume]]
    readers = {printable(file.name): partial(read_nifti, file) for file in niftis}
    if len(niftis) < len(files):
        readers |= _series_readers(path, [file for file in files if file not in niftis])
    for name, read in readers.items():
        try:
            yield read(name)
        except UnreadableError as error:
            raise InputError(f"volume {name} {error}") from None


def _series_readers(path: Path, files: list[Path]) -> dict[str, Callable[[str], Volume]]:
    """What reads each DICOM series that files belong to.

    Raises:
        InputError: a file cannot be read.
    """
    series, unreadable = series_of(files)
    if unreadable:
        named = listed([f"{printable(file.name)} ({why})" for file, why in unreadable.items()])
        raise InputError(f"{len(unreadable)} DICOM files of {path} cannot be read: {named}; repair or remove them")
    return {f"series {number}": partial(read_series, headers) for number, headers in enumerate(series.values(), 1)}


def _parts_of_volumes(names: list[str]) -> list[str]:
    """The part of each of several volumes; "" for the only one, whose slabs are parts."""
    if len(names) == 1:
        return [""]
    order = sorted(range(len(names)), key=lambda index: hashlib.sha256(names[index].encode()).digest())
    tested = max(1, len(names) // 10)
    chosen = max(1, len(names) // 20) if len(names) > 2 else 0
    parts = ["train"] * len(names)
    for place, index in enumerate(order[: tested + chosen]):
        parts[index] = "test" if place < tested else "validation"
    return parts


def _cut(volume: Volume, settings: SliceSettings, low: float, high: float, part: str) -> Iterator[Slice]:
    """All slices along an axis."""
    axis = _AXES[settings.axis]
    across, down = (length for index, length in enumerate(volume.spacing) if index != axis)
    count = volume.values.shape[axis]
    for index in range(count):
        plane = np.take(volume.values, index, axis).T[::-1]
        grey = np.round(255 * np.clip((plane - low) / (high - low), 0, 1)).astype(np.uint8)
        place = part or _slab((index + 0.5) / count)
        yield Slice(f"{volume.name}/{index:04}", _squared(grey, across, down)[..., np.newaxis], place)


def _slab(place: float) -> str:
    """The part of a slice at a place in [0, 1] of the only volume; "" in a gap."""
    for part, (start, end) in (("test", _TEST), ("validation", _VALIDATION)):
        if start <= place < end:
            return part
        if start - _GAP <= place < end + _GAP:
            return ""
    return "train"


def _squared(grey: np.ndarray, across: float, down: float) -> np.ndarray:
    """A slice with square pixels of the smaller side; bilinear."""
    if abs(across - down) <= _SQUARE * min(across, down):
        return grey
    height, width = grey.shape
    side = min(across, down)
    size = (round(width * across / side), round(height * down / side))
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BILINEAR))
