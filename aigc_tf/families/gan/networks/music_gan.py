"""Generator and discriminator of piano rolls, small convolutional networks (after Dong et al. 2018, §5.1)."""

from __future__ import annotations

import math

import keras
from keras import layers

from aigc_tf.nn.blocks import batch_norm_activation
from aigc_tf.nn.discriminator import logits, strided_features
from aigc_tf.recipes.music_gan import MusicGAN

_KERNEL = (3, 3)  # steps, pitches


def roll_shape(recipe: MusicGAN) -> tuple[int, int, int]:
    """Steps, pitches, channels."""
    return recipe.music.steps, recipe.pitches, 2 * len(recipe.music.voices)


def generator(recipe: MusicGAN) -> keras.Model:
    """Latent `[batch, latent_dim]` -> rolls `[batch, steps, pitches, 2 * voices]` in [-1, 1].

    A dense layer, then convolutions at a quarter, half and full size.
    """
    steps, pitches, channels = roll_shape(recipe)
    start = (steps // 4, pitches // 4, recipe.generator_filters[0])
    momentum, slope = recipe.normalisation_momentum, recipe.slope
    latent = keras.Input((recipe.latent_dim,), name="latent")
    x = layers.Dense(math.prod(start), use_bias=False, name="dense")(latent)
    x = layers.Reshape(start, name="reshape")(batch_norm_activation(x, momentum, "dense", slope))
    for level, filters in enumerate(recipe.generator_filters):
        if level:
            x = layers.UpSampling2D(2, name=f"double_{level}")(x)
        x = layers.Conv2D(filters, _KERNEL, padding="same", use_bias=False, name=f"convolution_{level}")(x)
        x = batch_norm_activation(x, momentum, str(level), slope)
    roll = layers.Conv2D(channels, _KERNEL, padding="same", activation="tanh", name="roll")(x)
    return keras.Model(latent, roll, name="generator")


def discriminator(recipe: MusicGAN) -> keras.Model:
    """Rolls `[batch, steps, pitches, 2 * voices]` in [-1, 1] -> logits `[batch, 1]`, positive for real ones."""
    image = keras.Input(roll_shape(recipe), name="image")
    features = strided_features(image, recipe.discriminator_filters, kernel_size=5, slope=recipe.slope)
    return keras.Model(image, logits(features), name="discriminator")
