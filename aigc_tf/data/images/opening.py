"""Opens sources of images: by name, from user files, or from Python data."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable
from typing import Any

from aigc_tf.data.images import fashion_mnist
from aigc_tf.data.images import tfds as tfds_images
from aigc_tf.data.images.arrays import open_data
from aigc_tf.data.images.folder import open_folder
from aigc_tf.data.images.npz import open_npz
from aigc_tf.data.images.source import ImageSource, Split, to_unit
from aigc_tf.data.images.volumes import open_volumes
from aigc_tf.data.paths import existing, is_path
from aigc_tf.data.volumes.slices import ENDINGS, holds_volumes
from aigc_tf.errors import InputError
from aigc_tf.recipes.images import ImageRecipe, ImageSettings

__all__ = ["ImageSource", "Split", "open_source", "to_unit"]

MIN_IMAGES = 2  # distances between distributions need more than one example
_EXPECTED = "a folder of images, an .npz file, a volume or a TFDS data set"
NAMED: dict[str, Callable[[ImageSettings], ImageSource]] = {
    "auto": fashion_mnist.open_best,
    fashion_mnist.FULL: fashion_mnist.open_full,
    fashion_mnist.SHIPPED: fashion_mnist.open_shipped,
}
"""Data sets that come with the package or the system, with the functions that open them."""


def open_source(recipe: ImageRecipe, data: Any = None) -> ImageSource:
    """Open the images of a recipe, in its size and number of channels.

    Args:
        recipe: its `source` is `auto` (all of Fashion-MNIST if it is at hand, otherwise the part that ships
            with the package), `fashion_mnist`, `fashion_mnist_10k`, the name of a TFDS image data set, or
            the path of a folder of images, of an .npz file, or of volumes (NIfTI or DICOM, a file or a folder).
        data: used instead of the source: an array of images, uint8 in [0, 255] or float in [0, 1],
            `[count, height, width]` or `[count, height, width, channels]`, or a finite `tf.data.Dataset` of
            such images or of (image, label), batched or not.

    Raises:
        InputError: the source or the data is missing or cannot be used.
    """
    settings = recipe.images
    source = open_data(data, settings) if data is not None else open_named(recipe.source, settings)
    if len(source.train.images) < MIN_IMAGES:
        raise InputError(
            f"{source.name} has {len(source.train.images)} images to train on: give more, at least {MIN_IMAGES} and "
            "hundreds for a good model"
        )
    source = source.for_recipe(recipe)
    notes = (_summary(source), *source.notes, *_few_tested(source))
    return dataclasses.replace(source, notes=notes, augmentation=recipe.augmentation)


def _summary(source: ImageSource) -> str:
    """A one-line summary of a source."""
    line = f"{source.name}: {source.sizes_in_words('images', lambda part: len(part.images))}"
    if source.own_validation is not None and source.validation is None:
        line += f", {len(source.own_validation.images):,} for validation are not used: this model is chosen otherwise"
    return f"{line}, {source.classes}" if source.classes else line


def _few_tested(source: ImageSource) -> list[str]:
    count = len(source.test.images)
    if count >= MIN_IMAGES:
        return []
    return [
        f"warning: {count or 'no'} image{' is' if count == 1 else 's are'} available to test on, and at least "
        f"{MIN_IMAGES} are needed to measure a model: give more images, or a separate test part"
    ]


def open_named(name: str, settings: ImageSettings) -> ImageSource:
    """Open a source of images by its name or path; see `open_source`.

    Raises:
        InputError: it is missing or invalid.
    """
    if name in NAMED:
        return NAMED[name](settings)
    if not is_path(name, (".npz", *ENDINGS), _EXPECTED):
        close = difflib.get_close_matches(name, NAMED, n=1)
        return tfds_images.open_tfds(name, settings, other_names=close)
    path = existing(name, _EXPECTED)
    if holds_volumes(path):
        return open_volumes(path, settings)
    if path.is_dir():
        return open_folder(path, settings)
    if path.suffix.lower() == ".npz":
        return open_npz(path, settings)
    raise InputError(
        f"source {path} is neither a folder, an .npz file nor a volume (.nii, .nii.gz, .dcm): name the folder that "
        "holds the images"
    )
