"""A discriminator for private training: few weights, since each of them is noised."""

from __future__ import annotations

import keras
from keras import layers

from aigc_tf.recipes.dp_gan import DPGAN


def discriminator(recipe: DPGAN) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] -> logits `[batch, 1]`, positive for real ones.

    Dense layers over averages of neighbouring pixels: most weights of such a network are those of its inputs.
    """
    image = keras.Input(recipe.images.shape, name="image")
    x = layers.AveragePooling2D(recipe.pooling, padding="same", name="averages")(image)
    x = layers.Flatten(name="flatten")(x)
    for index, units in enumerate(recipe.discriminator_units, 1):
        x = layers.Dense(units, name=f"dense_{index}")(x)
        x = layers.LeakyReLU(recipe.discriminator_slope, name=f"activation_{index}")(x)
        x = layers.Dropout(recipe.dropout, name=f"dropout_{index}")(x)
    return keras.Model(image, layers.Dense(1, name="logits")(x), name="discriminator")
