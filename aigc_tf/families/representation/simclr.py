"""Contrastive learning of image representations (SimCLR)."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.families.representation.model import PictureEncoder
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.drawing import rows_of
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.nn import replicas
from aigc_tf.nn.augmentation import NUMBERS_OF_AN_EXAMPLE, augment_differentiably, moved
from aigc_tf.nn.losses import two_view_nats
from aigc_tf.recipes.simclr import SimCLR as Recipe

PREVIEWED, PREVIEWED_AMONG, PREVIEWED_OF_EACH = 8, 1000, 7


class SimCLR(PictureEncoder):
    """Pulls together the embeddings of two views of a picture, apart from others (Chen et al. 2020, algorithm 1).

    Args:
        recipe: its views, temperature, optimizer and seed.
        encoder: brightness `[batch, height, width, channels]` in [0, 1] -> embeddings.
        projection: embeddings -> those that are compared, of length 1.
    """

    recipe: Recipe

    def __init__(self, recipe: Recipe, encoder: keras.Model, projection: keras.Model) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.encoder, self.projection = recipe, encoder, projection
        self.drawing_seed = keras.random.SeedGenerator(recipe.seed, name="drawing_seed")
        self.made(encoder)

    def view(self, images: tf.Tensor, seed: Any) -> tf.Tensor:
        """A random view of each picture: cropped, flipped, rotated, colour-jittered; brightness in [0, 1].

        Args:
            images: `[batch, height, width, channels]` in [0, 1].
            seed: a generator, or an integer for fixed draws.
        """
        numbers = keras.random.uniform((ops.shape(images)[0], NUMBERS_OF_AN_EXAMPLE), seed=seed)
        shaped = moved(images, self.recipe.views, numbers)
        coloured = augment_differentiably(2.0 * shaped - 1.0, self.recipe.colours, seed)
        return ops.clip(0.5 * coloured + 0.5, 0.0, 1.0)

    def loss_of(self, images: tf.Tensor, seed: Any, training: bool) -> tf.Tensor:
        """NT-Xent of two views of each picture; see `two_view_nats`."""
        second = seed + 1 if isinstance(seed, int) else seed
        views = ops.concatenate([self.view(images, seed), self.view(images, second)])
        vectors = self.projection(self.encoder(views, training=training), training=training)
        first, second = replicas.gathered(ops.split(vectors, 2))
        return two_view_nats(first, second, self.recipe.temperature)

    def previews(self, source: Any) -> dict[str, Preview]:
        """A row for each of a few watched pictures: itself, then its nearest neighbours of that part."""
        images = source.inputs("validation", PREVIEWED_AMONG)
        vectors = self.encode(images)
        directions = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        asked = np.linspace(0, len(images) - 1, min(PREVIEWED, len(images))).astype(int)
        cosines = directions[asked] @ directions.T
        cosines[np.arange(len(asked)), asked] = np.inf  # itself first, even if there are copies
        nearest = np.argsort(-cosines, axis=1, kind="stable")[:, : 1 + PREVIEWED_OF_EACH]
        return {"nearest": rows_of(as_brightness(images[nearest]))}
