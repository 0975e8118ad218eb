"""Images with their classes, for models that learn both."""

from __future__ import annotations

import dataclasses
from typing import Any

from aigc_tf.data.images import opening as images
from aigc_tf.data.images.source import ImageSource
from aigc_tf.errors import InputError
from aigc_tf.recipes.images import ImageRecipe


def open_source(recipe: ImageRecipe, data: Any = None) -> ImageSource:
    """The labelled images that a recipe asks for; see `aigc_tf.data.images.opening.open_source`.

    Raises:
        InputError: the source or the data is missing, cannot be used, or has no labels.
    """
    source = images.open_source(recipe, data)
    if source.train.labels is None or source.class_names is None:
        raise InputError(
            f"{source.name} has no labels, and {recipe.slug()} learns classes: give a folder with a sub-folder for "
            "each class, an .npz file with labels, or a labelled data set"
        )
    return dataclasses.replace(source, labelled=True)
