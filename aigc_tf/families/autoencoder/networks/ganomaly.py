"""Networks of GANomaly (Akcay et al. 2018, §3.2): those of the DCGAN, for any size."""

from __future__ import annotations

import keras
from keras import layers

from aigc_tf.recipes.ganomaly import GANomaly

KERNEL_SIZE = 4
SLOPE = 0.2  # of LeakyReLU


def encoder(recipe: GANomaly) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] -> latents `[batch, latent_dim]`."""
    image = keras.Input(recipe.images.shape, name="image")
    # The paper's last convolution covers all that is left of the picture: a dense layer.
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
    x = layers.ReLU(name="activation_0")(_normalise(x, 0, recipe))
    for index, (filters, size) in enumerate(zip(reversed(inner_filters), reversed(sizes[1:-1]), strict=True), 1):
        x = _double(x, filters, size, index)
        x = layers.ReLU(name=f"activation_{index}")(_normalise(x, index, recipe))
    x = _double(x, recipe.images.channels, sizes[0], len(recipe.filters))
    return keras.Model(latent, x, name="decoder")


def discriminator(recipe: GANomaly) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] -> features, and logits `[batch, 1]`, positive for real."""
    image = keras.Input(recipe.images.shape, name="image")
    features = _features(image, recipe)
    logits = layers.Dense(1, use_bias=False, name="logits")(layers.Flatten(name="flatten")(features))
    return keras.Model(image, [features, logits], name="discriminator")


def _features(x: keras.KerasTensor, recipe: GANomaly) -> keras.KerasTensor:
    """Convolutions of stride 2, all but the first with batch normalisation."""
    for index, filters in enumerate(recipe.filters):
        x = layers.Conv2D(filters, KERNEL_SIZE, strides=2, padding="same", use_bias=False, name=f"convolution_{index}")(
            x
        )
        if index:
            x = _normalise(x, index, recipe)
        x = layers.LeakyReLU(SLOPE, name=f"activation_{index}")(x)
    return x


def _double(x: keras.KerasTensor, filters: int, size: tuple[int, int], index: int) -> keras.KerasTensor:
    """Twice the size, or one less where the encoder rounded up."""
    height, width = size
    x = layers.Conv2DTranspose(
        filters, KERNEL_SIZE, strides=2, padding="same", use_bias=False, name=f"convolution_{index}"
    )(x)
    cut = ((0, x.shape[1] - height), (0, x.shape[2] - width))
    return layers.Cropping2D(cut, name=f"crop_{index}")(x) if any(after for _, after in cut) else x


def _normalise(x: keras.KerasTensor, index: int, recipe: GANomaly) -> keras.KerasTensor:
    return layers.BatchNormalization(momentum=recipe.normalisation_momentum, name=f"normalisation_{index}")(x)


def _sizes(recipe: GANomaly) -> list[tuple[int, int]]:
    """Height and width of the image and after each convolution."""
    sizes = [(recipe.images.height, recipe.images.width)]
    for _ in recipe.filters:
        height, width = sizes[-1]
        sizes.append((-(-height // 2), -(-width // 2)))
    return sizes
