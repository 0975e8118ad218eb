"""Generator and discriminator of Radford et al. 2015, §3 and figure 1, and adapted ones of article 003 §6.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from aigc_tf.nn import fast_layers
from aigc_tf.nn.blocks import batch_norm_activation
from aigc_tf.nn.discriminator import logits, strided_features
from aigc_tf.nn.layers import spectrally_normalised
from aigc_tf.recipes.dcgan64 import DCGAN64
from aigc_tf.recipes.sound_gan import SoundGAN
from aigc_tf.recipes.video_gan import VideoGAN


def generator(recipe: DCGAN64 | SoundGAN) -> keras.Model:
    """Latent `[batch, latent_dim]` -> images `[batch, height, width, channels]` in [-1, 1].

    A dense layer, then a transposed convolution of stride 2 for each doubling, with batch normalisation and ReLU in
    between.
    """
    latent = keras.Input((recipe.latent_dim,), name="latent")
    return keras.Model(latent, drawn(latent, recipe.images.shape, recipe), name="generator")


def drawn(
    x: Any,
    shape: tuple[int, int, int],
    recipe: DCGAN64 | SoundGAN | VideoGAN,
    look: Callable[[Any], Any] | None = None,
) -> Any:
    """Images `[batch, *shape]` in [-1, 1] from features `[batch, numbers]`; see `generator`.

    Args:
        x: the features.
        shape: of an image.
        recipe: of the layers.
        look: applied at a quarter of the size, keeping the shape; None for nothing.
    """
    height, width, channels = shape
    first, *later = recipe.generator_filters
    scale = 2 ** len(recipe.generator_filters)
    use_bias = recipe.normalisation_momentum is None
    x = layers.Dense(height // scale * (width // scale) * first, use_bias=use_bias, name="dense")(x)
    x = layers.Reshape((height // scale, width // scale, first), name="reshape")(x)
    x = batch_norm_activation(x, recipe.normalisation_momentum, "0")
    for index, filters in enumerate(later, 1):
        if look is not None and index == len(later):
            x = look(x)
        x = fast_layers.Conv2DTranspose(
            filters, recipe.kernel_size, strides=2, padding="same", use_bias=use_bias, name=f"convolution_{index}"
        )(x)
        x = batch_norm_activation(x, recipe.normalisation_momentum, str(index))
    return fast_layers.Conv2DTranspose(
        channels, recipe.kernel_size, strides=2, padding="same", activation="tanh", name="pixels"
    )(x)


def discriminator(recipe: DCGAN64 | SoundGAN) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] -> logits `[batch, 1]`, positive for real ones."""
    image = keras.Input(recipe.images.shape, name="image")
    features = strided_features(
        image,
        recipe.discriminator_filters,
        kernel_size=recipe.kernel_size,
        normalisation_momentum=recipe.normalisation_momentum if recipe.discriminator_normalisation else None,
        slope=recipe.discriminator_slope,
        spectral_normalisation=recipe.spectral_normalisation,
    )
    if recipe.discriminator_units:
        features = layers.Flatten(name="flatten_features")(features)
    for index, units in enumerate(recipe.discriminator_units, 1):
        dense = layers.Dense(units, name=f"dense_{index}")
        features = spectrally_normalised(dense, recipe.spectral_normalisation)(features)
        features = layers.LeakyReLU(recipe.discriminator_slope, name=f"dense_activation_{index}")(features)
    answer = logits(features, spectral_normalisation=recipe.spectral_normalisation)
    return keras.Model(image, answer, name="discriminator")
