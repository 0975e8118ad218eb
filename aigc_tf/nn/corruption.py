"""Corruption of a denoiser's inputs."""

from __future__ import annotations

import math
from typing import TypeAlias

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.recipes.autoencoders import CorruptionSettings

Seed: TypeAlias = int | keras.random.SeedGenerator


def corrupt(images: tf.Tensor, settings: CorruptionSettings, seed: Seed) -> tf.Tensor:
    """Corrupt images, in the order of the settings' fields.

    Args:
        images: float32 `[batch, height, width, channels]` in [0, 1].
        settings: kinds and strengths of corruption.
        seed: an integer gives the same corruption every time, a generator draws anew.

    Returns:
        Images of the same shape, in [0, 1].
    """
    noise, salt, mask = streams(seed, 3)
    if settings.blur_pixels:
        images = blur(images, settings.blur_pixels)
    if settings.gaussian:
        images = images + settings.gaussian * keras.random.normal(ops.shape(images), seed=noise)
    if settings.salt_and_pepper:
        images = salt_and_pepper(images, settings.salt_and_pepper, salt)
    if settings.masking:
        images = images * ops.cast(_uniform_of_pixels(images, mask) >= settings.masking, images.dtype)
    images = ops.clip(images, 0.0, 1.0)
    if settings.jpeg_quality is not None:
        images = jpeg(images, settings.jpeg_quality)
    return images


def salt_and_pepper(images: tf.Tensor, share: float | tf.Tensor, draws: Seed) -> tf.Tensor:
    """About `share` (one, or `[batch, 1, 1, 1]`) of the pixels become black or white, all channels together."""
    uniform = _uniform_of_pixels(images, draws)
    return ops.where(uniform < share / 2, 0.0, ops.where(uniform < share, 1.0, images))


def blur(images: tf.Tensor, deviation_pixels: float) -> tf.Tensor:
    """A Gaussian blur, truncated at three standard deviations; the border pixels are repeated outside."""
    reach = math.ceil(3 * deviation_pixels)
    weights = ops.exp(-0.5 * ops.square(ops.arange(-reach, reach + 1, dtype="float32") / deviation_pixels))
    weights = weights / ops.sum(weights)
    channels = images.shape[-1]

    def along(images: tf.Tensor, kernel_shape: tuple[int, int, int, int]) -> tf.Tensor:
        kernel = ops.tile(ops.reshape(weights, kernel_shape), (1, 1, channels, 1))
        return ops.depthwise_conv(images, kernel, padding="valid")

    for axis in (1, 2):  # TensorFlow's pad cannot repeat the border
        places = np.arange(-reach, images.shape[axis] + reach).clip(0, images.shape[axis] - 1)
        images = ops.take(images, places, axis=axis)
    return along(along(images, (-1, 1, 1, 1)), (1, -1, 1, 1))


def blur_each(images: tf.Tensor, deviations: tf.Tensor, largest: float) -> tf.Tensor:
    """`blur` with a standard deviation for each image, float32 `[batch]` in pixels, at most `largest`."""
    reach = math.ceil(3 * largest)
    _, height, width, channels = images.shape
    batch = ops.shape(images)[0]
    places = ops.arange(-reach, reach + 1, dtype="float32")
    weights = ops.exp(-0.5 * ops.square(places[:, None] / deviations))
    weights = ops.repeat(weights / ops.sum(weights, axis=0), channels, axis=1)  # for each channel of each image
    for axis, size in ((1, height), (2, width)):
        images = ops.take(images, np.arange(-reach, size + reach).clip(0, size - 1), axis=axis)
    # All channels of all images become channels of one image.
    planes = ops.reshape(ops.transpose(images, (1, 2, 0, 3)), (1, height + 2 * reach, width + 2 * reach, -1))
    for shape in ((-1, 1, batch * channels, 1), (1, -1, batch * channels, 1)):
        planes = tf.nn.depthwise_conv2d(planes, ops.reshape(weights, shape), (1, 1, 1, 1), "VALID")
    planes = ops.reshape(planes, (height, width, batch, channels))
    return ops.reshape(ops.transpose(planes, (2, 0, 1, 3)), (-1, height, width, channels))


def jpeg_each(images: tf.Tensor, qualities: tf.Tensor) -> tf.Tensor:
    """JPEG compression with a quality for each image, float32 `[batch]` in [1, 100], rounded."""

    def compress(pair: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        return tf.image.adjust_jpeg_quality(pair[0], tf.cast(tf.round(pair[1]), tf.int32))

    compressed = tf.map_fn(compress, (images, qualities), fn_output_signature=tf.float32)
    return tf.ensure_shape(compressed, images.shape)


def jpeg(images: tf.Tensor, quality: int) -> tf.Tensor:
    """Images after JPEG compression and decompression."""
    return jpeg_each(images, ops.full((ops.shape(images)[0],), float(quality)))


def streams(seed: Seed, count: int) -> list[Seed]:
    """Independent seeds for different kinds of noise; a generator draws new numbers at every call anyway.

    An integer is not turned into a generator: inside a compiled function that would draw anew at every call.
    """
    return np.random.SeedSequence(seed).generate_state(count).tolist() if isinstance(seed, int) else [seed] * count


def _uniform_of_pixels(images: tf.Tensor, draws: Seed) -> tf.Tensor:
    """A uniform number in [0, 1) for each pixel: `[batch, height, width, 1]`."""
    return keras.random.uniform((*ops.shape(images)[:-1], 1), seed=draws)
