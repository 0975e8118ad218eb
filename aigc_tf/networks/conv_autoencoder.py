"""Encoders and a decoder of article 004 §3.4 (docs/DOCUMENTS.md says what was changed and why)."""

from __future__ import annotations

from typing import Protocol

import keras
from keras import layers

from aigc_tf.likelihoods import make_likelihood
from aigc_tf.recipes.autoencoders import ConvolutionSettings, LikelihoodSettings
from aigc_tf.recipes.base import ImageSettings


class Convolutional(Protocol):
    """What these networks ask of a recipe."""

    images: ImageSettings
    likelihood: LikelihoodSettings
    convolutions: ConvolutionSettings
    latent_dim: int


def variational_encoder(recipe: Convolutional) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] -> mean and log variance, `[batch, latent_dim]` each."""
    image = keras.Input(recipe.images.shape, name="image")
    x = _features(image, recipe.convolutions)
    mean = layers.Dense(recipe.latent_dim, name="mean")(x)
    log_variance = layers.Dense(recipe.latent_dim, name="log_variance")(x)
    return keras.Model(image, [mean, log_variance], name="encoder")


def encoder(recipe: Convolutional) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] -> latents `[batch, latent_dim]`."""
    image = keras.Input(recipe.images.shape, name="image")
    latent = layers.Dense(recipe.latent_dim, name="latent")(_features(image, recipe.convolutions))
    return keras.Model(image, latent, name="encoder")


def decoder(recipe: Convolutional) -> keras.Model:
    """Latents `[batch, latent_dim]` -> the likelihood's parameters `[batch, height, width, parameters]`."""
    settings = recipe.convolutions
    height, width, channels = recipe.images.shape
    quarter = (-(-height // 4), -(-width // 4), settings.start_filters)
    latent = keras.Input((recipe.latent_dim,), name="latent")
    x = latent
    for index, units in enumerate((*settings.decoder_units, quarter[0] * quarter[1] * quarter[2])):
        x = layers.Dense(units, activation="relu", name=f"dense_{index}")(x)
    x = layers.Reshape(quarter, name="reshape")(x)
    for level, filters_of_level in enumerate(settings.decoder_filters):
        if level:
            x = layers.UpSampling2D(2, name=f"double_{level}")(x)
        for index, filters in enumerate(filters_of_level):
            x = _convolution(x, filters, f"convolution_{level}_{index}")
    # Sizes that four does not divide were rounded up.
    cut = ((0, 4 * quarter[0] - height), (0, 4 * quarter[1] - width))
    if any(after for _, after in cut):
        x = layers.Cropping2D(cut, name="crop")(x)
    parameters = make_likelihood(recipe.likelihood).parameters(channels)
    x = layers.Conv2D(parameters, 3, padding="same", name="pixels")(x)
    return keras.Model(latent, x, name="decoder")


def _features(image: keras.KerasTensor, settings: ConvolutionSettings) -> keras.KerasTensor:
    x = image
    for index, filters in enumerate(settings.encoder_filters):
        x = _convolution(x, filters, f"convolution_{index}", strides=2)
    x = layers.Flatten(name="flatten")(x)
    for index, units in enumerate(settings.encoder_units):
        x = layers.Dense(units, activation="relu", name=f"dense_{index}")(x)
    return x


def _convolution(x: keras.KerasTensor, filters: int, name: str, strides: int = 1) -> keras.KerasTensor:
    return layers.Conv2D(filters, 3, strides=strides, padding="same", activation="relu", name=name)(x)
