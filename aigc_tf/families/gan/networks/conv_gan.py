"""Generator and discriminator of article 004 §3.4 and §5.2 (docs/DOCUMENTS.md says what was changed and why)."""

from __future__ import annotations

import math

import keras
from keras import layers

from aigc_tf.nn.blocks import batch_norm_activation
from aigc_tf.nn.discriminator import logits, strided_features
from aigc_tf.recipes.conv_gan import ConvGAN


def generator(recipe: ConvGAN) -> keras.Model:
    """Latent `[batch, latent_dim]` -> images `[batch, height, width, channels]` in [-1, 1].

    A dense layer, then 3x3 convolutions at a quarter, half and full size, with nearest-neighbour upsampling in between;
    each layer but the last is followed by batch normalisation, whose shift serves as bias, and LeakyReLU.
    """
    height, width, channels = recipe.images.shape
    start = (height // 4, width // 4, recipe.generator_filters)
    use_bias = recipe.normalisation_momentum is None

    def normalise_and_activate(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
        return batch_norm_activation(x, recipe.normalisation_momentum, name, recipe.generator_slope)

    latent = keras.Input((recipe.latent_dim,), name="latent")
    x = latent
    for name in ("dense_1", "dense_2")[: 1 + recipe.second_dense]:
        x = normalise_and_activate(layers.Dense(math.prod(start), use_bias=use_bias, name=name)(x), name)
    x = layers.Reshape(start, name="reshape")(x)
    for level, depth in enumerate(recipe.generator_depths):
        if level:
            x = layers.UpSampling2D(2, name=f"double_{level}")(x)
        for index in range(depth):
            name = f"convolution_{level}_{index}"
            x = layers.Conv2D(recipe.generator_filters, 3, padding="same", use_bias=use_bias, name=name)(x)
            x = normalise_and_activate(x, name)
    image = layers.Conv2D(channels, 3, padding="same", activation="tanh", name="pixels")(x)
    return keras.Model(latent, image, name="generator")


def discriminator(recipe: ConvGAN) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] -> logits `[batch, 1]`, positive for real ones."""
    image = keras.Input(recipe.images.shape, name="image")
    features = strided_features(
        image,
        recipe.discriminator_filters,
        kernel_size=3,
        strides=recipe.discriminator_stride,
        dropout=recipe.dropout,
        slope=recipe.discriminator_slope,
        spectral_normalisation=recipe.spectral_normalisation,
    )
    answer = logits(features, spectral_normalisation=recipe.spectral_normalisation)
    return keras.Model(image, answer, name="discriminator")
