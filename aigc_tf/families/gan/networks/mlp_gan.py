"""Generator and discriminator of article 001 §4.2 (docs/DOCUMENTS.md says what was changed and why)."""

from __future__ import annotations

import math

import keras
from keras import layers

from aigc_tf.nn import fast_layers
from aigc_tf.nn.blocks import batch_norm_activation
from aigc_tf.nn.layers import spectrally_normalised
from aigc_tf.recipes.mlp_gan import MLPGAN


def generator(recipe: MLPGAN) -> keras.Model:
    """Latent `[batch, latent_dim]` -> images `[batch, height, width, channels]` in [-1, 1].

    Dense layers, each but the last followed by batch normalisation, whose shift serves as bias, and ReLU.
    """
    use_bias = recipe.normalisation_momentum is None
    latent = keras.Input((recipe.latent_dim,), name="latent")
    x = latent
    for index, units in enumerate(recipe.generator_units, 1):
        x = layers.Dense(units, use_bias=use_bias, name=f"dense_{index}")(x)
        x = batch_norm_activation(x, recipe.normalisation_momentum, str(index))
    x = layers.Dense(math.prod(recipe.images.shape), activation="tanh", name="pixels")(x)
    return keras.Model(latent, layers.Reshape(recipe.images.shape, name="image")(x), name="generator")


def discriminator(recipe: MLPGAN) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] -> logits `[batch, 1]`, positive for real ones."""
    image = keras.Input(recipe.images.shape, name="image")
    x = layers.Flatten(name="flatten")(image)
    for index, units in enumerate(recipe.discriminator_units, 1):
        x = spectrally_normalised(layers.Dense(units, name=f"dense_{index}"), recipe.spectral_normalisation)(x)
        x = layers.LeakyReLU(recipe.discriminator_slope, name=f"activation_{index}")(x)
        x = fast_layers.Dropout(recipe.dropout, name=f"dropout_{index}")(x)
    logits = spectrally_normalised(layers.Dense(1, name="logits"), recipe.spectral_normalisation)(x)
    return keras.Model(image, logits, name="discriminator")
