"""Encoders and a decoder of article 004 §3.4 (docs/DOCUMENTS.md says what was changed and why)."""

from __future__ import annotations

from typing import Protocol

import keras
from keras import layers

from aigc_tf.nn.blocks import crop, gaussian_head
from aigc_tf.nn.likelihoods import make_likelihood
from aigc_tf.recipes.autoencoders import ConvolutionSettings, LikelihoodSettings
from aigc_tf.recipes.images import ImageSettings


class Convolutional(Protocol):
    """The recipe fields that these networks use."""

    images: ImageSettings
    likelihood: LikelihoodSettings
    convolutions: ConvolutionSettings
    latent_dim: int


def variational_encoder(recipe: Convolutional) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] -> mean and log variance, `[batch, latent_dim]` each."""
    image = keras.Input(recipe.images.shape, name="image")
    x = _features(image, recipe.convolutions)
    return keras.Model(image, gaussian_head(x, recipe.latent_dim), name="encoder")


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
        x = layers.Dense(units, activation=settings.activation, name=f"dense_{index}")(x)
    x = layers.Reshape(quarter, name="reshape")(x)
    parameters = make_likelihood(recipe.likelihood).parameters(channels)
    *smaller, largest = settings.decoder_filters
    for level, filters_of_level in enumerate((*smaller, (*largest, parameters))):
        for index, filters in enumerate(filters_of_level):
            pixels = level == len(smaller) and index == len(largest)
            name = "pixels" if pixels else f"convolution_{level}_{index}"
            activation = None if pixels else settings.activation
            if level and not index:
                x = _double(x, level, filters, name, activation, settings.enlargement)
            else:
                x = _convolution(x, filters, name, activation)
    # Sizes not divisible by four were rounded up.
    return keras.Model(latent, crop(x, height, width, "crop"), name="decoder")


def _features(image: keras.KerasTensor, settings: ConvolutionSettings) -> keras.KerasTensor:
    x = image
    for index, filters in enumerate(settings.encoder_filters):
        x = _convolution(x, filters, f"convolution_{index}", settings.activation, strides=2)
    x = layers.Flatten(name="flatten")(x)
    for index, units in enumerate(settings.encoder_units):
        x = layers.Dense(units, activation=settings.activation, name=f"dense_{index}")(x)
    return x


def _double(
    x: keras.KerasTensor, level: int, filters: int, name: str, activation: str | None, enlargement: str
) -> keras.KerasTensor:
    """A convolution that doubles height and width."""
    if enlargement == "transposed":
        return layers.Conv2DTranspose(filters, 4, strides=2, padding="same", activation=activation, name=name)(x)
    return _convolution(layers.UpSampling2D(2, name=f"double_{level}")(x), filters, name, activation)


def _convolution(
    x: keras.KerasTensor, filters: int, name: str, activation: str | None, strides: int = 1
) -> keras.KerasTensor:
    return layers.Conv2D(filters, 3, strides=strides, padding="same", activation=activation, name=name)(x)
