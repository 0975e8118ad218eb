"""Labelled images, for class-conditional models and classifiers."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from aigc_tf.data.images import opening as images
from aigc_tf.data.images.source import ImageSource, Split
from aigc_tf.errors import InputError, listed
from aigc_tf.recipes.images import ImageRecipe


def open_source(recipe: ImageRecipe, data: Any = None) -> ImageSource:
    """Open the labelled images of a recipe; see `aigc_tf.data.images.opening.open_source`.

    Raises:
        InputError: the source or the data is missing, invalid, has no labels, or has training images of fewer than two
            classes.
    """
    source = images.open_source(recipe, data)
    if source.train.labels is None or source.class_names is None:
        raise InputError(
            f"{source.name} has no labels, and {recipe.slug()} learns classes: give a folder with a sub-folder for "
            "each class, an .npz file with labels, or a labelled data set"
        )
    source = _of_learnt_classes(source)
    assert source.class_names is not None
    if len(source.class_names) < 2:
        raise InputError(
            f"{source.name} has training images of only one class, {', '.join(source.class_names)}, and "
            f"{recipe.slug()} learns to tell classes apart: give images of at least two, or train a model without "
            "classes, such as dcgan"
        )
    return dataclasses.replace(source, labelled=True)


def _of_learnt_classes(source: ImageSource) -> ImageSource:
    """The source without classes that have no training images: samples of them would look as if they were learnt."""
    assert source.class_names is not None and source.train.labels is not None
    counts = np.bincount(source.train.labels, minlength=len(source.class_names))
    if counts.all():
        return source
    missing = [name for name, count in zip(source.class_names, counts, strict=True) if not count]
    note = (
        f"warning: {len(missing)} of {len(counts)} classes have no training images (held out, or unreadable) and are "
        f"left out, with their test images: {listed(missing)}"
    )
    numbers = np.cumsum(counts > 0) - 1

    def without(split: Split | None) -> Split | None:
        if split is None or split.labels is None:
            return split
        rows = np.flatnonzero(counts[split.labels] > 0)
        images = split.images if len(rows) == len(split.labels) else split.at(rows).images
        return Split(images, numbers[split.labels[rows]])

    names = tuple(name for name, count in zip(source.class_names, counts, strict=True) if count)
    train, test = without(source.train), without(source.test)
    assert train is not None and test is not None
    return dataclasses.replace(
        source,
        train=train,
        test=test,
        validation=without(source.validation),
        own_validation=without(source.own_validation),
        uncut=without(source.uncut),
        class_names=names,
        notes=(*source.notes, note),
    )
