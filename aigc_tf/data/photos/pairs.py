"""Sources for image-to-image translation between domains A and B: paired by name or side by side, or unpaired."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.images.source import to_unit
from aigc_tf.data.order import Rows
from aigc_tf.data.photos.folder import Folder, test_rows, validation_rows
from aigc_tf.data.photos.opening import finished, from_folder, given_folder, is_named, named_folder
from aigc_tf.data.photos.photos import Photos, gathered
from aigc_tf.data.photos.source import PhotoSource
from aigc_tf.data.source import GIVEN, Batch
from aigc_tf.errors import InputError, listed, printable
from aigc_tf.nn.augmentation import numbers_at
from aigc_tf.recipes.picture_translation import TranslationRecipe


def open_pairs(recipe: TranslationRecipe, data: Any = None) -> PhotoSource:
    """Open image pairs.

    Args:
        recipe: `source` and `target` are folders whose files have the same names; without a target the images in
            `source` have both, side by side. For `fashion_mnist`, for trying things out, the target is the negative.
        data: replaces the source: images of both domains, two lists or arrays `[count, height, width, channels]`.

    Raises:
        InputError: the source or the data is missing or invalid, or there are no pairs.
    """
    first, second = _both(recipe, data)
    found, words = _matched(first, second, recipe.photos.channels)
    if not found.names:
        raise InputError(f"{recipe.source} and {recipe.target} hold no pictures of the same name and size: {words}")
    notes = (*first.notes, *second.notes, *([words] if words else []))
    source = from_folder(_name(recipe, data), dataclasses.replace(found, notes=notes), recipe.photos)
    return finished(source, recipe, "pairs", "give more")


@dataclass(frozen=True, eq=False, kw_only=True)
class UnpairedSource(PhotoSource):
    """Images of A and B that are sampled independently; the test part may have pairs."""

    others: Photos
    """Training images of B."""

    def read(self, rows: Rows, seed: int) -> Batch:
        """`image` (A) and `target` (B), float32 `[batch, crop, crop, channels]` in [-1, 1]: unrelated crops."""
        size, side, turns = rows.examples.shape[0], self.settings.crop, self.settings.turns
        numbers, of_others = (numbers_at(rows.position, size, stream) for stream in (seed, seed + 1))
        tiles = int(self.others.tiles(side).sum())

        def crops(examples: np.ndarray, numbers: np.ndarray, of_others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            drawn = (of_others[:, 7].astype(np.float64) * tiles).astype(np.int64)
            own = self.train.crops(examples, numbers, side, turns)
            return to_unit(own), to_unit(self.others.crops(drawn, of_others, side, turns))

        given = [rows.examples, numbers, of_others]
        both = tf.numpy_function(crops, given, (tf.float32, tf.float32), stateful=False)
        shape = (size, side, side, self.settings.channels)
        return {name: tf.ensure_shape(part, shape) for name, part in zip(("image", "target"), both, strict=True)}

    @property
    def _fingerprinted(self) -> list[Photos]:
        return [*super()._fingerprinted, self.others]

    def describe(self) -> dict[str, Any]:
        """The description that a run records."""
        return super().describe() | {"training pictures of B": len(self.others)}


def open_unpaired(recipe: TranslationRecipe, data: Any = None) -> UnpairedSource:
    """Open unpaired images. Images with the same name are not trained on as pairs; a tenth of such pairs is held out.

    Images in test and validation folders are never trained on, whether they are paired or not.

    Args:
        recipe: as for `open_pairs`; names need not match, and without any pair a tenth of A is held out.
        data: the same; counts may differ.

    Raises:
        InputError: the source or the data is missing or invalid.
    """
    settings = recipe.photos
    first, second = _both(recipe, data)
    pairs, _ = _matched(first, second, settings.channels)
    measured = pairs if pairs.names else first
    tested, split = test_rows(measured, settings)
    chosen_by = validation_rows(measured)
    names = {_stem(name) for name, is_tested in zip(measured.names, tested, strict=True) if is_tested}
    train, others = (folder.photos.at(_trained(folder, names)) for folder in (first, second))
    if not len(others):
        raise InputError(f"{_name(recipe, data)} has no pictures of B to train on: give more")
    counted = f"{len(pairs.names):,} pictures form pairs, by name and size, and some of these are the test part"
    if not pairs.names:
        counted = "no pairs, so there is no ground truth to test on"
    source = UnpairedSource(
        name=_name(recipe, data),
        settings=settings,
        train=train,
        others=others,
        test=measured.photos.at(np.flatnonzero(tested)),
        test_split=split,
        own_validation=measured.photos.at(np.flatnonzero(chosen_by)) if chosen_by.any() else None,
        licence=first.licence,
        notes=(f"{len(others):,} pictures of B to train on; {counted}", *first.notes, *second.notes),
    )
    return finished(source, recipe, "pictures of A", "give more, some of A and B with the same name and size")


def _trained(folder: Folder, tested: set[str]) -> np.ndarray:
    """Rows of images that are neither in a folder of another part nor have a test image's name: int64 `[count]`."""
    parts = folder.parts or [""] * len(folder.names)
    named = enumerate(zip(folder.names, parts, strict=True))
    return np.array(
        [row for row, (name, part) in named if part in ("", "train") and _stem(name) not in tested], np.int64
    )


def _both(recipe: TranslationRecipe, data: Any) -> tuple[Folder, Folder]:
    """The images of A and of B."""
    settings = recipe.photos
    if data is not None:
        if len(data) != 2:
            raise InputError(f"the data have {len(data)} parts: give two, pictures of the first and of the second kind")
        first, second = (given_folder(part, settings) for part in data)
        return first, second
    found = named_folder(recipe.source, settings)
    if recipe.target is not None:
        return found, named_folder(recipe.target, settings)
    if is_named(recipe.source):
        return found, _changed(found, lambda photo: 255 - photo)
    narrow = [
        name for name, (_, width) in zip(found.names, found.photos.sizes, strict=True) if width < 2 * settings.crop
    ]
    if narrow:
        raise InputError(
            f"without --target each picture holds both, side by side, and {len(narrow)} are narrower than two crops of "
            f"{settings.crop} ({listed([printable(name) for name in narrow])}): name the other folder, --target FOLDER"
        )
    halves = (lambda photo: photo[:, : photo.shape[1] // 2]), (lambda photo: photo[:, -(photo.shape[1] // 2) :])
    first, second = (_changed(found, half) for half in halves)
    return dataclasses.replace(first, notes=found.notes), second


def _changed(folder: Folder, change: Any) -> Folder:
    photos = gathered((change(photo) for photo in folder.photos), folder.photos.channels)
    return dataclasses.replace(folder, photos=photos, notes=())


def _matched(first: Folder, second: Folder, channels: int) -> tuple[Folder, str]:
    """Images of the same name and size concatenated along channels, and a note on how many are unpaired."""
    rows = {_stem(name): row for row, name in enumerate(second.names)}
    pairs = [(row, rows[_stem(name)]) for row, name in enumerate(first.names) if _stem(name) in rows]
    same = [(a, b) for a, b in pairs if (first.photos.sizes[a] == second.photos.sizes[b]).all()]

    def both() -> Iterator[np.ndarray]:
        for a, b in same:
            yield np.concatenate([first.photos[a], second.photos[b]], axis=-1)

    found = Folder(
        [first.names[a] for a, _ in same],
        gathered(both(), 2 * channels),
        [first.parts[a] for a, _ in same] if first.parts else [],
        (),
        first.licence,
    )
    alone, unequal = len(first.names) + len(second.names) - 2 * len(pairs), len(pairs) - len(same)
    words = [f"{alone} without a partner of the same name"] if alone else []
    words += [f"{unequal} pairs of different sizes"] if unequal else []
    return found, f"left out: {', '.join(words)}" if words else ""


def _stem(name: str) -> str:
    return str(PurePath(name).with_suffix(""))


def _name(recipe: TranslationRecipe, data: Any) -> str:
    return recipe.source if data is None else GIVEN
