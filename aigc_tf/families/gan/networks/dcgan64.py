"""Generator and discriminator of Radford et al. 2015, §3 and figure 1, which article 003 §6.1 describes."""

from __future__ import annotations

import keras
from keras import layers

from aigc_tf.nn import fast_layers
from aigc_tf.nn.layers import spectrally_normalised
from aigc_tf.recipes.dcgan64 import DCGAN64


def generator(recipe: DCGAN64) -> keras.Model:
    """Latent `[batch, latent_dim]` -> images `[batch, height, width, channels]` in [-1, 1].

    Dense, then a transposed convolution of stride 2 for each doubling, with batch normalisation and ReLU between
    them.
    """
    height, width, channels = recipe.images.shape
    first, *later = recipe.generator_filters
    scale = 2 ** len(recipe.generator_filters)

    def normalise_and_activate(x: keras.KerasTensor, index: int) -> keras.KerasTensor:
        x = fast_layers.BatchNormalization(momentum=recipe.normalisation_momentum, name=f"normalisation_{index}")(x)
        return layers.ReLU(name=f"activation_{index}")(x)

    latent = keras.Input((recipe.latent_dim,), name="latent")
    x = layers.Dense(height // scale * (width // scale) * first, use_bias=False, name="dense")(latent)
    x = layers.Reshape((height // scale, width // scale, first), name="reshape")(x)
    x = normalise_and_activate(x, 0)
    for index, filters in enumerate(later, 1):
        x = fast_layers.Conv2DTranspose(
            filters, recipe.kernel_size, strides=2, padding="same", use_bias=False, name=f"convolution_{index}"
        )(x)
        x = normalise_and_activate(x, index)
    image = fast_layers.Conv2DTranspose(
        channels, recipe.kernel_size, strides=2, padding="same", activation="tanh", name="pixels"
    )(x)
    return keras.Model(latent, image, name="generator")


def discriminator(recipe: DCGAN64) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] -> logits `[batch, 1]`, positive for real ones."""
    image = keras.Input(recipe.images.shape, name="image")
    x = image
    for index, filters in enumerate(recipe.discriminator_filters, 1):
        convolution = fast_layers.Conv2D(
            filters, recipe.kernel_size, strides=2, padding="same", name=f"convolution_{index}"
        )
        x = spectrally_normalised(convolution, recipe.spectral_normalisation)(x)
        if recipe.discriminator_normalisation and index > 1:
            x = fast_layers.BatchNormalization(momentum=recipe.normalisation_momentum, name=f"normalisation_{index}")(x)
        x = layers.LeakyReLU(recipe.discriminator_slope, name=f"activation_{index}")(x)
    x = layers.Flatten(name="flatten")(x)
    logits = spectrally_normalised(layers.Dense(1, name="logits"), recipe.spectral_normalisation)(x)
    return keras.Model(image, logits, name="discriminator")
