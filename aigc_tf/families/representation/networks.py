"""Image encoders, and the heads that are discarded after training."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import layers, ops

from aigc_tf.nn.attention import TransformerBlock
from aigc_tf.nn.towers import LearnedPlaces, picture_features
from aigc_tf.recipes.masked_autoencoder import MaskedAutoencoder
from aigc_tf.recipes.simclr import SimCLR


def convolutional_encoder(recipe: SimCLR) -> keras.Model:
    """Pictures `[batch, height, width, channels]`, brightness in [0, 1] -> embeddings, the flattened feature map.

    There is no average pooling, since positions matter in small pictures.
    """
    image = keras.Input(recipe.images.shape, name="image")
    x = layers.Rescaling(2.0, -1.0, name="scaled")(image)
    x = layers.Flatten(name="everywhere")(picture_features(x, recipe.filters))
    return keras.Model(image, x, name="encoder")


def projection_head(recipe: SimCLR) -> keras.Model:
    """The encoder's embeddings -> those that are compared, `[batch, projection_size]` of length 1."""
    height, width = (-(-size // 2 ** len(recipe.filters)) for size in recipe.images.shape[:2])
    vector = keras.Input((height * width * recipe.filters[-1],), name="vector")
    x = layers.Dense(2 * recipe.projection_size, activation="relu", name="hidden")(vector)
    x = layers.Dense(recipe.projection_size, name="projected")(x)
    return keras.Model(vector, layers.UnitNormalization(name="direction")(x), name="projection")


def patch_embedding(recipe: MaskedAutoencoder) -> keras.Model:
    """Pictures `[batch, height, width, channels]`, brightness in [0, 1] -> patches `[batch, patches, width]`."""
    image = keras.Input(recipe.images.shape, name="image")
    x = layers.Rescaling(2.0, -1.0, name="scaled")(image)
    x = layers.Conv2D(recipe.width, recipe.patch, strides=recipe.patch, name="patch")(x)
    x = layers.Reshape((recipe.patches, recipe.width), name="sequence")(x)
    return keras.Model(image, LearnedPlaces(name="places")(x), name="embedding")


def patch_encoder(recipe: MaskedAutoencoder) -> keras.Model:
    """Some patches of each picture `[batch, any, width]` -> the same shape."""
    patches = keras.Input((None, recipe.width), name="patches")
    x = patches
    for index in range(recipe.depth):
        added = 1 / math.sqrt(2 * recipe.depth)
        x = TransformerBlock(recipe.width, recipe.heads, name=str(index), activation="gelu", added=added)(x)
    return keras.Model(patches, layers.RMSNormalization(name="last_norm")(x), name="encoder")


def patch_decoder(recipe: MaskedAutoencoder) -> keras.Model:
    """Visible patches, and the positions of all patches -> the pixels of all patches.

    Takes the encoder's `[batch, seen, width]`, and int32 `[batch, patches]`: for each patch, its index in the order of
    visible patches followed by hidden ones. Returns brightness `[batch, patches, patch² * channels]`.
    """
    seen = keras.Input((recipe.seen, recipe.width), name="seen")
    places = keras.Input((recipe.patches,), dtype="int32", name="places")
    x = layers.Dense(recipe.decoder_width, name="narrow")(seen)
    x = LearnedPlaces(name="decoder_places")(HiddenPatches(name="hidden")(x, places))
    x = TransformerBlock(recipe.decoder_width, recipe.heads, name="decoder", activation="gelu")(x)
    x = layers.RMSNormalization(name="decoder_norm")(x)
    pixels = layers.Dense(recipe.patch**2 * recipe.images.channels, name="pixels")(x)
    return keras.Model([seen, places], pixels, name="decoder")


class HiddenPatches(layers.Layer):
    """Inserts a learned mask token for each hidden patch (He et al. 2022, §3)."""

    def build(self, seen_shape: Any, places_shape: Any) -> None:
        first = keras.initializers.RandomNormal(stddev=0.02)
        self.vector = self.add_weight(shape=(1, 1, seen_shape[-1]), initializer=first, name="vector")

    def call(self, seen: Any, places: Any) -> Any:
        """Visible patches `[batch, seen, width]` and int32 `[batch, patches]` -> `[batch, patches, width]`."""
        batch, hidden = ops.shape(seen)[0], places.shape[1] - seen.shape[1]
        every = ops.concatenate([seen, ops.tile(self.vector, (batch, hidden, 1))], axis=1)
        return ops.take_along_axis(every, places[..., None], axis=1)

    def compute_output_spec(self, seen: Any, places: Any) -> Any:
        return keras.KerasTensor((seen.shape[0], places.shape[1], seen.shape[2]), seen.dtype)
