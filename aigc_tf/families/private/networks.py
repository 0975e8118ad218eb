"""Networks for private training: a small discriminator, since each weight is noised, and its generator."""

from __future__ import annotations

import keras
from keras import layers

from aigc_tf.families.gan.networks import dcgan
from aigc_tf.recipes.dp_gan import DPGAN


def generator(recipe: DPGAN) -> keras.Model:
    """Latent `[batch, latent_dim]` -> images `[batch, height, width, channels]` in [-1, 1].

    The DCGAN's, followed by averaging of neighbouring pixels: patterns that are invisible to the discriminator's
    averages, such as of single pixels, would never be corrected by gradients (docs/RESULTS.md).
    """
    sharp = dcgan.generator(recipe)
    smooth = layers.AveragePooling2D(recipe.pooling, strides=1, padding="same", name="smoothing")(sharp.output)
    return keras.Model(sharp.input, smooth, name="generator")


def discriminator(recipe: DPGAN) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] -> logits `[batch, 1]`, positive for real ones.

    Dense layers over averages of neighbouring pixels, since most weights of such a network are in its input layer.
    """
    image = keras.Input(recipe.images.shape, name="image")
    x = layers.AveragePooling2D(recipe.pooling, padding="same", name="averages")(image)
    x = layers.Flatten(name="flatten")(x)
    for index, units in enumerate(recipe.discriminator_units, 1):
        x = layers.Dense(units, name=f"dense_{index}")(x)
        x = layers.LeakyReLU(recipe.discriminator_slope, name=f"activation_{index}")(x)
        x = layers.Dropout(recipe.dropout, name=f"dropout_{index}")(x)
    return keras.Model(image, layers.Dense(1, name="logits")(x), name="discriminator")
