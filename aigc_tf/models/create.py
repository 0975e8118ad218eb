"""From a recipe to a model."""

from __future__ import annotations

from typing import Any

import keras

from aigc_tf.models.base import GenerativeModel
from aigc_tf.recipes.base import Recipe
from aigc_tf.registry import resolve


def create(recipe: Recipe, **assets: Any) -> GenerativeModel:
    """The untrained model of `recipe`, built and compiled; the same weights for the same seed.

    Sets the global seeds of Python, NumPy and TensorFlow: Keras's initialisers and Dropout layers draw
    their own seeds from them.

    Args:
        recipe: of the model.
        assets: what the recipe's `assets` names; of a model of text its `vocabulary`.

    Raises:
        ValueError: other assets are needed.
    """
    if set(assets) != set(recipe.assets):
        wanted = ", ".join(recipe.assets) or "none"
        raise ValueError(f"{type(recipe).__name__} needs these assets of its source: {wanted}")
    keras.utils.set_random_seed(recipe.seed)
    networks = {role: resolve(reference)(recipe, **assets) for role, reference in recipe.networks.items()}
    return resolve(recipe.model)(recipe, **networks, **assets)
