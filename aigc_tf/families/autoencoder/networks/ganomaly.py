"""Networks of GANomaly (Akcay et al. 2018, §3.2): those of the DCGAN, for any size."""

from __future__ import annotations

import keras
from keras import layers

from aigc_tf.nn.blocks import batch_norm_activation, crop
from aigc_tf.nn.discriminator import logits, strided_features
from aigc_tf.recipes.ganomaly import GANomaly

KERNEL_SIZE = 4
SLOPE = 0.2  # of LeakyReLU


def encoder(recipe: GANomaly) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] -> latents `[batch, latent_dim]`."""
    image = keras.Input(recipe.images.shape, name="image")
    # The paper's last convolution covers the whole remaining feature map: a dense layer.
    x = layers.Flatten(name="flatten")(_features(image, recipe))
    return keras.Model(image, layers.Dense(recipe.latent_dim, use_bias=False, name="latent")(x), name="encoder")


def decoder(recipe: GANomaly) -> keras.Model:
    """Latents `[batch, latent_dim]` -> logits of the pixels `[batch, height, width, channels]`."""
    sizes = _sizes(recipe)
    *inner_filters, start_filters = recipe.filters
    height, width = sizes[-1]
    latent = keras.Input((recipe.latent_dim,), name="latent")
    x = layers.Dense(height * width * start_filters, use_bias=False, name="dense")(latent)
    x = layers.Reshape((height, width, start_filters), name="reshape")(x)
    x = batch_norm_activation(x, recipe.normalisation_momentum, "0", fast=False)
    for index, (filters, size) in enumerate(zip(reversed(inner_filters), reversed(sizes[1:-1]), strict=True), 1):
        x = _double(x, filters, size, index)
        x = batch_norm_activation(x, recipe.normalisation_momentum, str(index), fast=False)
    x = _double(x, recipe.images.channels, sizes[0], len(recipe.filters))
    return keras.Model(latent, x, name="decoder")


def discriminator(recipe: GANomaly) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] -> features, and logits `[batch, 1]`, positive for real."""
    image = keras.Input(recipe.images.shape, name="image")
    features = _features(image, recipe)
    return keras.Model(image, [features, logits(features, use_bias=False)], name="discriminator")


def _features(x: keras.KerasTensor, recipe: GANomaly) -> keras.KerasTensor:
    """Convolutions of stride 2, all but the first with batch normalisation."""
    return strided_features(
        x,
        recipe.filters,
        kernel_size=KERNEL_SIZE,
        slope=SLOPE,
        use_bias=False,
        normalisation_momentum=recipe.normalisation_momentum,
        first=0,
        fast=False,  # in batches of 64 the fast layers took a tenth longer
    )


def _double(x: keras.KerasTensor, filters: int, size: tuple[int, int], index: int) -> keras.KerasTensor:
    """Double the size, or one less where the encoder rounded up."""
    height, width = size
    x = layers.Conv2DTranspose(
        filters, KERNEL_SIZE, strides=2, padding="same", use_bias=False, name=f"convolution_{index}"
    )(x)
    return crop(x, height, width, f"crop_{index}")


def _sizes(recipe: GANomaly) -> list[tuple[int, int]]:
    """Height and width of the image and after each convolution."""
    sizes = [(recipe.images.height, recipe.images.width)]
    for _ in recipe.filters:
        height, width = sizes[-1]
        sizes.append((-(-height // 2), -(-width // 2)))
    return sizes
