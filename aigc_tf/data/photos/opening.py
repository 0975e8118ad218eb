"""Opens sources of photographs: folders, Python arrays, and the data set that ships with the package."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from aigc_tf.data.images.opening import NAMED
from aigc_tf.data.paths import existing, is_path
from aigc_tf.data.photos.folder import Folder, motifs, read_folder, test_rows, validation_rows
from aigc_tf.data.photos.photos import Photos, content_key, gathered
from aigc_tf.data.photos.source import PhotoSource
from aigc_tf.data.source import GIVEN
from aigc_tf.data.volumes.slices import LICENCE, holds_volumes, read_slices
from aigc_tf.errors import InputError
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.photos import PhotoRecipe, PhotoSettings

Found = TypeVar("Found", bound=PhotoSource)

_EXPECTED = "a folder of photographs"


def open_source(recipe: PhotoRecipe, data: Any = None) -> PhotoSource:
    """Open the photographs of a recipe.

    Args:
        recipe: its `source` is the path of a folder, or of volumes (NIfTI or DICOM, a file or a folder); or
            `fashion_mnist`, `fashion_mnist_10k`, or `auto` for the best of both: small images for trying things out.
        data: replaces the source: photographs uint8 in [0, 255] or float in [0, 1], `[height, width, channels]`, in a
            list or an array.

    Raises:
        InputError: the source or the data is missing or invalid.
    """
    return _opened(recipe, data, lambda folder: folder)


def open_coloured(recipe: PhotoRecipe, data: Any = None) -> PhotoSource:
    """Open the colour photographs of a recipe; see `open_source`.

    Grey ones are left out: no colours can be learnt from them, and in the test part a grey output would be perfect.
    """
    return _opened(recipe, data, _coloured)


def _opened(recipe: PhotoRecipe, data: Any, chosen: Callable[[Folder], Folder]) -> PhotoSource:
    settings = recipe.photos
    name = GIVEN if data is not None else recipe.source
    found = given_folder(data, settings) if data is not None else named_folder(recipe.source, settings)
    source = from_folder(name, chosen(found), settings)
    if settings.test is not None:
        tested = chosen(read_folder(existing(settings.test, _EXPECTED), settings))
        test, repeated = unseen(tested.photos, source.train)
        notes = (*source.notes, *(f"of the test photographs, {note}" for note in (*tested.notes, *repeated)))
        split = f"the folder {Path(settings.test).name}"  # without its parent folders
        source = dataclasses.replace(source, test=test, test_split=split, notes=notes)
    return finished(source, recipe, "photographs", "give more, or --photos.test FOLDER")


def _coloured(folder: Folder) -> Folder:
    """The folder without grey photographs; if there are no others all of them, with a warning."""
    rows = [row for row, photo in enumerate(folder.photos) if not is_grey(photo)]
    grey = len(folder.photos) - len(rows)
    if not rows:
        note = "warning: all photographs are grey, so no colours can be learnt: give photographs in colour"
        return dataclasses.replace(folder, notes=(*folder.notes, note))
    return dataclasses.replace(
        folder,
        names=[folder.names[row] for row in rows],
        photos=folder.photos.at(np.array(rows)),
        parts=[folder.parts[row] for row in rows] if folder.parts else [],
        notes=(*folder.notes, *([f"left out: {grey:,} without colours"] if grey else [])),
    )


def finished(source: Found, recipe: PhotoRecipe, unit: str, remedy: str) -> Found:
    """Add the validation part that the recipe needs, and a note with the sizes of the parts.

    Args:
        source: has training and test parts.
        recipe: the recipe that uses it.
        unit: name of what is counted.
        remedy: what to do if there is nothing to test on.

    Raises:
        InputError: there is nothing to train on.
    """
    if not len(source.train):
        raise InputError(f"{source.name} has no {unit} to train on: give more")
    source = source.for_recipe(recipe)
    few = [] if len(source.test) else [f"warning: there are no {unit} to test on: {remedy}"]
    notes = (f"{source.name}: {source.sizes_in_words(unit, len)}", *source.notes, *few)
    return dataclasses.replace(source, notes=notes)


def is_grey(photo: np.ndarray) -> bool:
    """Whether all channels of `[height, width, channels]` are equal."""
    return bool((photo == photo[..., :1]).all())


def is_named(name: str) -> bool:
    """Whether a source is one of the built-in data sets for trying things out."""
    return name in NAMED and not is_path(name, (), _EXPECTED)


def named_folder(name: str, settings: PhotoSettings) -> Folder:
    """The photographs of a folder, or of a built-in data set for trying things out.

    Raises:
        InputError: there is no such folder, or its photographs are invalid.
    """
    if is_named(name):
        images = NAMED[name](ImageSettings(channels=settings.channels))
        _refuse_small(images.name, images.train.images, settings)
        pictures = {"train": np.asarray(images.train.images), "test": np.asarray(images.test.images)}
        photos = gathered((photo for part in pictures.values() for photo in part), settings.channels)
        names = [f"{part}/{index}" for part, some in pictures.items() for index in range(len(some))]
        parts = [name.partition("/")[0] for name in names]
        return Folder(names, photos, parts, images.notes, images.licence, images.test_split)
    folder = existing(name, f"{_EXPECTED}, or one of {', '.join(NAMED)}")
    if holds_volumes(folder):
        return _slices(folder, settings)
    if not folder.is_dir():
        raise InputError(f"source {folder} is a file: name the folder that holds the photographs")
    return read_folder(folder, settings)


def _slices(path: Path, settings: PhotoSettings) -> Folder:
    """The slices of volumes, in folders by part.

    Raises:
        InputError: a volume cannot be read, or its slices are smaller than a crop.
    """
    found = read_slices(path, settings)
    names, parts = ([getattr(one, field) for one in found.slices] for field in ("name", "part"))
    smallest = min(min(one.pixels.shape[:2]) for one in found.slices)
    if smallest < settings.crop:
        raise InputError(
            f"slices of {path} have {smallest} pixels, less than a crop: give --photos.crop a smaller number"
        )
    pixels = (np.repeat(one.pixels, settings.channels, axis=-1) for one in found.slices)
    return Folder(names, gathered(pixels, settings.channels), parts, found.notes, LICENCE, found.test_split)


def from_folder(name: str, found: Folder, settings: PhotoSettings) -> PhotoSource:
    """A source from the photographs of a folder; a tenth is held out unless there are others to test on."""
    chosen_by = validation_rows(found)
    tested, split = test_rows(found, settings)
    if settings.test is not None and "test" not in found.parts:
        tested = np.zeros_like(tested)
    trained = np.flatnonzero(~tested & ~chosen_by)
    train = found.photos.at(trained)
    test, repeated = unseen(found.photos.at(np.flatnonzero(tested)), train)
    variants = [motif for motif in motifs([found.names[row] for row in trained], settings.group) if motif is not None]
    return PhotoSource(
        name=name,
        settings=settings,
        train=train,
        test=test,
        test_split=split,
        licence=found.licence,
        notes=(*found.notes, *repeated),
        own_validation=found.photos.at(np.flatnonzero(chosen_by)) if chosen_by.any() else None,
        motifs=tuple(variants) or None,
    )


def unseen(test: Photos, train: Photos) -> tuple[Photos, tuple[str, ...]]:
    """Test photographs that are not in the training part, and a note on how many were removed."""
    known = {content_key(photo) for photo in train}
    new = np.array([content_key(photo) not in known for photo in test], bool)
    if new.all():
        return test, ()
    return test.at(np.flatnonzero(new)), (f"left out: {(~new).sum()} that are in the training part, pixel by pixel",)


def given_folder(data: Any, settings: PhotoSettings) -> Folder:
    """Photographs given from Python.

    Raises:
        InputError: there are none, or they are something else.
    """
    photos = [_checked(photo, index, settings) for index, photo in enumerate(data)]
    if not photos:
        raise InputError("the data hold no photographs: give a list of arrays [height, width, channels]")
    return Folder([str(index) for index in range(len(photos))], gathered(photos, settings.channels), [], (), "unknown")


def _checked(photo: Any, index: int, settings: PhotoSettings) -> np.ndarray:
    """Validate a photograph: uint8 `[height, width, channels]`.

    Raises:
        InputError: it is something else, or smaller than a crop.
    """
    pixels = np.asarray(photo)
    if pixels.ndim == 2:
        pixels = pixels[..., np.newaxis]
    if pixels.ndim != 3 or pixels.shape[-1] != settings.channels:
        raise InputError(
            f"photograph {index} has shape {pixels.shape}: expected [height, width, {settings.channels}] "
            "(photos.channels says how many)"
        )
    if min(pixels.shape[:2]) < settings.crop:
        raise InputError(
            f"photograph {index} has shape {pixels.shape}: give photos.crop at most {min(pixels.shape[:2])}"
        )
    if pixels.dtype == np.uint8:
        return pixels
    if not (
        np.issubdtype(pixels.dtype, np.floating)
        and np.isfinite(pixels).all()
        and 0 <= pixels.min() <= pixels.max() <= 1
    ):
        raise InputError(f"photograph {index} is {pixels.dtype}: expected uint8, or numbers in [0, 1]")
    return np.round(pixels * 255).astype(np.uint8)


def _refuse_small(name: str, images: np.ndarray, settings: PhotoSettings) -> None:
    side = min(images.shape[1:3])
    if side < settings.crop:
        raise InputError(
            f"the pictures of {name} have {side} pixels, less than a crop of {settings.crop}: name a folder of "
            f"photographs, --source FOLDER, or give --photos.crop {side}"
        )
