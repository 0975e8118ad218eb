"""Generator and discriminator of article 002 §5.2 (docs/DOCUMENTS.md says what was changed and why)."""

from __future__ import annotations

import keras
from keras import layers

from aigc_tf.nn import fast_layers
from aigc_tf.nn.blocks import batch_norm_activation
from aigc_tf.nn.discriminator import logits, strided_features
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.dp_gan import DPGAN


def generator(recipe: DCGAN | DPGAN) -> keras.Model:
    """Latent `[batch, latent_dim]` -> images `[batch, height, width, channels]` in [-1, 1].

    A dense layer, then three transposed convolutions of stride 1, 2 and 2; each layer but the last is followed by batch
    normalisation and LeakyReLU. No biases: the normalisation has its own shift.
    """
    height, width, channels = recipe.images.shape
    first, second, third = recipe.generator_filters

    def normalise_and_activate(x: keras.KerasTensor, index: int) -> keras.KerasTensor:
        return batch_norm_activation(x, recipe.normalisation_momentum, str(index), recipe.generator_slope)

    def enlarge(x: keras.KerasTensor, filters: int, stride: int, name: str, **options: str) -> keras.KerasTensor:
        return fast_layers.Conv2DTranspose(
            filters, recipe.kernel_size, strides=stride, padding="same", use_bias=False, name=name, **options
        )(x)

    latent = keras.Input((recipe.latent_dim,), name="latent")
    x = layers.Dense(height // 4 * (width // 4) * first, use_bias=False, name="dense")(latent)
    x = normalise_and_activate(x, 0)
    x = layers.Reshape((height // 4, width // 4, first), name="reshape")(x)
    x = normalise_and_activate(enlarge(x, second, 1, "convolution_1"), 1)  # [batch, height / 4, width / 4, 128]
    x = normalise_and_activate(enlarge(x, third, 2, "convolution_2"), 2)  # [batch, height / 2, width / 2, 64]
    image = enlarge(x, channels, 2, "convolution_3", activation="tanh")  # [batch, height, width, channels]
    return keras.Model(latent, image, name="generator")


def discriminator(recipe: DCGAN) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] -> logits `[batch, 1]`, positive for real ones."""
    image = keras.Input(recipe.images.shape, name="image")
    features = strided_features(
        image,
        recipe.discriminator_filters,
        kernel_size=recipe.kernel_size,
        use_bias=False,
        dropout=recipe.dropout,
        slope=recipe.discriminator_slope,
        spectral_normalisation=recipe.spectral_normalisation,
    )
    answer = logits(features, spectral_normalisation=recipe.spectral_normalisation)
    return keras.Model(image, answer, name="discriminator")
