"""From a recipe to a model."""

from __future__ import annotations

import keras

from aigc_tf.models.base import GenerativeModel
from aigc_tf.recipes.base import Recipe
from aigc_tf.registry import resolve


def create(recipe: Recipe) -> GenerativeModel:
    """The untrained model of `recipe`, built and compiled; the same weights for the same seed.

    Sets the global seeds of Python, NumPy and TensorFlow: Keras's initialisers and Dropout layers draw
    their own seeds from them.
    """
    keras.utils.set_random_seed(recipe.seed)
    networks = {role: resolve(reference)(recipe) for role, reference in recipe.networks.items()}
    return resolve(recipe.model)(recipe, **networks)
