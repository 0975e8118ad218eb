"""Encoder and decoder for denoising: convolutions at half the size, and a latent larger than the picture."""

from __future__ import annotations

import keras
from keras import layers

from aigc_tf.nn.blocks import crop, residual_block
from aigc_tf.nn.likelihoods import make_likelihood
from aigc_tf.recipes.denoising_autoencoder import DenoisingAutoencoder


def encoder(recipe: DenoisingAutoencoder) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] -> latents `[batch, latent_dim]`.

    A denoiser needs no bottleneck: corruption prevents it from learning to copy (Vincent et al. 2008, §2.3).
    The latent is a picture of half the size with `latent_channels`, flattened.
    """
    image = keras.Input(recipe.images.shape, name="image")
    x = layers.Conv2D(recipe.filters, 4, strides=2, padding="same", activation="relu", name="halve")(image)
    x = _residual_blocks(x, recipe)
    x = layers.Conv2D(recipe.latent_channels, 3, padding="same", name="latent")(x)
    return keras.Model(image, layers.Flatten(name="flatten")(x), name="encoder")


def decoder(recipe: DenoisingAutoencoder) -> keras.Model:
    """Latents `[batch, latent_dim]` -> the likelihood's parameters `[batch, height, width, parameters]`."""
    height, width, channels = recipe.images.shape
    half = (-(-height // 2), -(-width // 2), recipe.latent_channels)
    parameters = make_likelihood(recipe.likelihood).parameters(channels)
    latent = keras.Input((half[0] * half[1] * half[2],), name="latent")
    x = layers.Reshape(half, name="reshape")(latent)
    x = layers.Conv2D(recipe.filters, 3, padding="same", activation="relu", name="widen")(x)
    x = _residual_blocks(x, recipe)
    x = layers.Conv2DTranspose(parameters, 4, strides=2, padding="same", name="double")(x)
    return keras.Model(latent, crop(x, height, width, "crop"), name="decoder")  # odd sizes were rounded up


def _residual_blocks(x: keras.KerasTensor, recipe: DenoisingAutoencoder) -> keras.KerasTensor:
    for index in range(recipe.blocks):
        x = residual_block(x, recipe.filters, name=f"block_{index}", activate_sum=True)
    return x
