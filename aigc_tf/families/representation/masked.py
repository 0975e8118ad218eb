"""The masked autoencoder."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from aigc_tf.families.representation.model import PictureEncoder
from aigc_tf.families.tasks import AT_ONCE, Transforms
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.drawing import rows_of
from aigc_tf.modalities.pictures import Pictures, as_brightness
from aigc_tf.recipes.masked_autoencoder import MaskedAutoencoder as Recipe

PREVIEWED = 12


class MaskedAutoencoder(PictureEncoder, Transforms):
    """The encoder sees a few patches of a picture, a small decoder reconstructs the others (He et al. 2022, §3).

    Args:
        recipe: its patches, optimizer and seed.
        embedding: brightness `[batch, height, width, channels]` in [0, 1] -> patches `[batch, patches, width]`.
        encoder: some of them `[batch, any, width]` -> the same shape.
        decoder: the encoder's output for the visible ones, and the positions of all patches -> pixels of all patches.
    """

    recipe: Recipe

    def __init__(self, recipe: Recipe, embedding: keras.Model, encoder: keras.Model, decoder: keras.Model) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.embedding, self.encoder, self.decoder = recipe, embedding, encoder, decoder
        self.drawing_seed = keras.random.SeedGenerator(recipe.seed, name="drawing_seed")
        image = keras.Input(recipe.images.shape, name="image")
        vector = layers.GlobalAveragePooling1D(name="mean")(encoder(embedding(image)))
        self.made(keras.Model(image, vector, name="encode"))

    def loss_of(self, images: tf.Tensor, seed: Any, training: bool) -> tf.Tensor:
        """The mean squared error of the hidden patches, in brightness²."""
        drawn = keras.random.uniform((ops.shape(images)[0], self.recipe.patches), seed=seed)
        order = ops.argsort(drawn, axis=1)  # for each picture: the visible patches, then the hidden ones
        places = ops.argsort(order, axis=1)
        made = self.pixels(images, order, places, training)
        errors = ops.mean(ops.square(made - self.cut(images)), axis=-1)
        is_hidden = ops.cast(places >= self.recipe.seen, errors.dtype)
        return ops.mean(ops.sum(errors * is_hidden, axis=1)) / (self.recipe.patches - self.recipe.seen)

    def pixels(self, images: tf.Tensor, order: tf.Tensor, places: tf.Tensor, training: bool) -> tf.Tensor:
        """The pixels of all patches, `[batch, patches, patch² * channels]`, predicted from the visible ones.

        Args:
            images: brightness `[batch, height, width, channels]` in [0, 1].
            order: int `[batch, patches]`, indices of the patches, the visible ones first.
            places: int `[batch, patches]`, the inverse permutation.
            training: whether this is a training step.
        """
        patches = self.embedding(images, training=training)
        seen = ops.take_along_axis(patches, order[:, : self.recipe.seen, None], axis=1)
        return self.decoder([self.encoder(seen, training=training), ops.cast(places, "int32")], training=training)

    def cut(self, images: tf.Tensor) -> tf.Tensor:
        """Pictures `[batch, height, width, channels]` -> patches `[batch, patches, patch² * channels]`."""
        squares = tf.nn.space_to_depth(images, self.recipe.patch)
        return ops.reshape(squares, (-1, self.recipe.patches, squares.shape[-1]))

    @property
    def gives(self) -> Pictures:
        """Pictures of the recipe's size."""
        return self.takes

    def order(self, seed: int) -> np.ndarray:
        """A random order of the patches, int64 `[patches]`, the visible ones first."""
        return np.random.default_rng(seed).permutation(self.recipe.patches)

    def hidden(self, seed: int) -> np.ndarray:
        """The mask of pixels hidden with a seed: bool `[height, width, 1]`."""
        recipe = self.recipe
        is_hidden = np.ones(recipe.patches, bool)
        is_hidden[self.order(seed)[: recipe.seen]] = False
        grid = is_hidden.reshape(recipe.images.height // recipe.patch, recipe.images.width // recipe.patch)
        return grid.repeat(recipe.patch, axis=0).repeat(recipe.patch, axis=1)[..., None]

    def transform(self, inputs: np.ndarray, seed: int = 0, condition: Any = None) -> np.ndarray:
        """Pictures whose hidden patches are filled in: float32 `[count, height, width, channels]` in [0, 1].

        Args:
            inputs: pictures, uint8 or in [0, 1].
            seed: of the choice of hidden patches, the same for all pictures.
            condition: unused.
        """
        self.refuse_condition(condition)
        images, order = as_brightness(np.asarray(inputs)), self.order(seed)
        starts = range(0, len(images), AT_ONCE)
        made = [self.filled(images[start : start + AT_ONCE], order) for start in starts]
        return np.where(self.hidden(seed), np.concatenate([images[:0], *made]), images)

    def filled(self, images: np.ndarray, order: np.ndarray) -> np.ndarray:
        """All patches of pictures in [0, 1], predicted by the decoder from the first ones of an order."""
        recipe = self.recipe
        orders, places = (np.tile(numbers, (len(images), 1)) for numbers in (order, np.argsort(order)))
        pixels = self.pixels(tf.constant(images), orders, places, training=False)
        rows, columns = recipe.images.height // recipe.patch, recipe.images.width // recipe.patch
        squares = tf.reshape(pixels, (-1, rows, columns, pixels.shape[-1]))
        found: np.ndarray = tf.clip_by_value(tf.nn.depth_to_space(squares, recipe.patch), 0.0, 1.0).numpy()
        return found

    def previews(self, source: Any) -> dict[str, Preview]:
        """A few watched pictures side by side: masked, reconstructed, and original."""
        images = as_brightness(source.inputs("validation", PREVIEWED))
        seen = np.where(self.hidden(0), np.float32(0.5), images)
        return {"filled_in": rows_of(np.stack([seen, self.transform(images), images], axis=1))}
