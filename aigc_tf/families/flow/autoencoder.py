"""The autoencoder of a latent flow."""

from __future__ import annotations

import keras
from keras import layers

from aigc_tf.nn.blocks import preactivated_block, upsample
from aigc_tf.nn.towers import picture_features
from aigc_tf.recipes.latent_flow import LatentFlow


def encoder(recipe: LatentFlow) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] -> codes of the recipe's `state_shape`.

    Each code is normalised to mean 0 and standard deviation 1, nearly like noise.
    """
    image = keras.Input(recipe.images.shape, name="image")
    x = picture_features(image, recipe.code.filters)
    x = layers.Conv2D(recipe.code.channels, 3, padding="same", name="code")(x)
    x = layers.LayerNormalization(axis=(1, 2, 3), center=False, scale=False, name="unit_code")(x)
    return keras.Model(image, x, name="encoder")


def decoder(recipe: LatentFlow) -> keras.Model:
    """Codes -> images, approximately in [-1, 1]."""
    *larger, smallest = recipe.code.filters
    code = keras.Input(recipe.state_shape, name="code")
    x = layers.Conv2D(smallest, 3, padding="same", name="first")(code)
    x = preactivated_block(x, smallest, name="lowest")
    for level, width in reversed(list(enumerate(larger))):
        x = preactivated_block(upsample(x, width, name=f"double_{level}"), width, name=f"block_{level}")
    x = layers.Activation("silu", name="last_activation")(x)
    return keras.Model(code, upsample(x, recipe.images.channels, name="pixels"), name="decoder")
