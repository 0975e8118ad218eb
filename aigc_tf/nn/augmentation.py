"""Augmentation: classical, of real images in the input pipeline, and differentiable, for GAN discriminators."""

from __future__ import annotations

import math
from typing import TypeAlias

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.recipes.augment import ClassicalAugmentation, DifferentiableAugmentation

Seed: TypeAlias = int | keras.random.SeedGenerator

FILL = 0.0
"""The fill value of differentiable augmentation: mid-grey."""

# Philox (Salmon et al. 2011) generates four 32-bit numbers for each value of its counter.
NUMBERS_OF_AN_EXAMPLE = 8
_COUNTS_OF_AN_EXAMPLE = NUMBERS_OF_AN_EXAMPLE // 4
_PHILOX = 1


# Classical augmentation, of real images in the pipeline.


def augment(images: tf.Tensor, settings: ClassicalAugmentation, seed: int, first_position: tf.Tensor) -> tf.Tensor:
    """Flip, crop, zoom, rotate and shift images, in this order, with a single resampling.

    The augmentation of an example depends only on the seed and its position, not on its batch, so a resumed run sees
    the same images. Images are padded with their border pixels, as in the ImageDataGenerator of article 003 §6.1;
    shifts are by whole pixels, since fractional ones blur.

    Args:
        images: float32 `[batch, height, width, channels]`.
        settings: kinds and strengths of augmentation.
        seed: of the run.
        first_position: int64 `[]`, of the first image in the endless sequence of training images; the others follow it.

    Returns:
        Images of the same shape, within the range of the originals.
    """
    return moved(images, settings, numbers_at(first_position, images.shape[0], seed))


def moved(images: tf.Tensor, settings: ClassicalAugmentation, numbers: tf.Tensor) -> tf.Tensor:
    """`augment` with the given random numbers.

    Args:
        images: float32 `[batch, height, width, channels]`.
        settings: kinds and strengths of augmentation.
        numbers: uniform in [0, 1), `[batch, NUMBERS_OF_AN_EXAMPLE]`.
    """
    height, width = images.shape[1:3]
    return _resample(images, _origins(numbers, settings, height, width), "BILINEAR", "NEAREST")


def _origins(numbers: tf.Tensor, settings: ClassicalAugmentation, height: int, width: int) -> list[tf.Tensor]:
    """The affine transforms from augmented to original pixels, in the form that `_resample` takes.

    Args:
        numbers: uniform in [0, 1), `[batch, 8]`.
        settings: kinds and strengths of augmentation.
        height: of the images, in pixels.
        width: of the images.
    """
    flip, cut, left, top, zoom, angle, across, down = tf.unstack(numbers, axis=1)
    mirror = tf.where((flip < 0.5) & settings.flip, -1.0, 1.0)
    kept = 1.0 - settings.crop * cut  # share of height and width that is kept
    scale = kept / (1.0 + settings.zoom * _to_either_side(zoom))
    angle = math.radians(settings.rotation) * _to_either_side(angle)
    across, down = (
        tf.round(settings.shift * length * _to_either_side(way)) for length, way in ((width, across), (height, down))
    )

    # Output pixels are mapped back to the input, relative to the centre: undo shift and rotation, then crop and zoom,
    # then the flip. These x and y are where the output's centre comes from.
    cosine, sine = scale * tf.cos(angle), scale * tf.sin(angle)
    x = mirror * ((1.0 - kept) * width * (left - 0.5) - cosine * across - sine * down)
    y = (1.0 - kept) * height * (top - 0.5) + sine * across - cosine * down
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    a0, a1, b0, b1 = mirror * cosine, mirror * sine, -sine, cosine
    a2 = x + centre_x - a0 * centre_x - a1 * centre_y
    b2 = y + centre_y - b0 * centre_x - b1 * centre_y
    return [a0, a1, a2, b0, b1, b2]


def numbers_at(first_position: tf.Tensor, count: int, seed: int) -> tf.Tensor:
    """Eight uniform numbers in [0, 1) for each of `count` positions, float32 `[count, 8]`.

    Each is a function of seed and position: an offset in the stream of a stateless generator.

    Args:
        first_position: int64 `[]`, not negative.
        count: positions from there on.
        seed: selects the stream.
    """
    # A different key from the one that shuffles the examples, which is the seed alone.
    key = np.random.SeedSequence((seed, 1)).generate_state(1, np.uint64)
    counter = tf.stack([tf.cast(first_position * _COUNTS_OF_AN_EXAMPLE, tf.uint64), tf.constant(0, tf.uint64)])
    return tf.raw_ops.StatelessRandomUniformV2(
        shape=[count, NUMBERS_OF_AN_EXAMPLE], key=key, counter=counter, alg=_PHILOX, dtype=tf.float32
    )


# Differentiable augmentation, of the discriminator's inputs.


def augment_differentiably(images: tf.Tensor, settings: DifferentiableAugmentation, seed: Seed) -> tf.Tensor:
    """Colour jitter, translation and cutout (DiffAugment: Zhao et al. 2020, §3.2, and the authors' code).

    Args:
        images: float32 `[batch, height, width, channels]` in [-1, 1], real or generated; gradients flow.
        settings: kinds and strengths of augmentation.
        seed: a generator draws new numbers for each example at each call; an integer gives the same ones every time.

    Returns:
        Images of the same shape; brightness and contrast may leave [-1, 1].
    """
    batch, (height, width) = ops.shape(images)[0], images.shape[1:3]
    uniform = tf.unstack(keras.random.uniform((7, batch), seed=seed), num=7)  # each `[batch]` in [0, 1)
    if settings.colour:
        images = brightness(images, uniform[0] - 0.5)
        images = saturation(images, 2.0 * uniform[1])
        images = contrast(images, uniform[2] + 0.5)
    if settings.translation:
        down, across = (
            _whole_number(share, -reach, reach)
            for share, reach in (
                (uniform[3], round(settings.translation * height)),
                (uniform[4], round(settings.translation * width)),
            )
        )
        images = translation(images, down, across)
    if settings.cutout:
        rows, columns = round(settings.cutout * height), round(settings.cutout * width)
        # The centre lies anywhere in the image.
        top = _whole_number(uniform[5], 0, height - rows % 2) - rows // 2
        left = _whole_number(uniform[6], 0, width - columns % 2) - columns // 2
        images = cutout(images, top, left, rows, columns)
    return images


def brightness(images: tf.Tensor, added: tf.Tensor) -> tf.Tensor:
    """Images `[batch, height, width, channels]` with `added` `[batch]` added to all values."""
    return images + _of_examples(added)


def saturation(images: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    """Images with saturation scaled by `factor` `[batch]`, around grey, the mean of their channels."""
    grey = tf.reduce_mean(images, axis=-1, keepdims=True)
    return grey + _of_examples(factor) * (images - grey)


def contrast(images: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    """Images with contrast scaled by `factor` `[batch]`, around the mean of the image."""
    mean = tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True)
    return mean + _of_examples(factor) * (images - mean)


def translation(images: tf.Tensor, down: tf.Tensor, across: tf.Tensor) -> tf.Tensor:
    """Images shifted down and to the right by whole numbers of pixels `[batch]`; the gap is filled with `FILL`."""
    one, zero = tf.ones_like(down, tf.float32), tf.zeros_like(down, tf.float32)
    transforms = [one, zero, -tf.cast(across, tf.float32), zero, one, -tf.cast(down, tf.float32)]
    return _resample(images, transforms, "NEAREST", "CONSTANT")


def cutout(images: tf.Tensor, top: tf.Tensor, left: tf.Tensor, rows: int, columns: int) -> tf.Tensor:
    """Images with a rectangle set to `FILL`.

    Args:
        images: `[batch, height, width, channels]`.
        top: its first row, int32 `[batch]`; it may lie partly outside.
        left: its first column, int32 `[batch]`.
        rows: its height in pixels.
        columns: its width.
    """
    height, width = images.shape[1:3]
    below, right = tf.range(height) - top[:, None], tf.range(width) - left[:, None]
    in_rows, in_columns = (below >= 0) & (below < rows), (right >= 0) & (right < columns)
    return tf.where((in_rows[:, :, None] & in_columns[:, None, :])[..., None], FILL, images)


def _resample(images: tf.Tensor, transforms: list[tf.Tensor], interpolation: str, fill_mode: str) -> tf.Tensor:
    """Images whose pixel x, y is that at (a0 x + a1 y + a2, b0 x + b1 y + b2) of the original.

    Args:
        images: `[batch, height, width, channels]`.
        transforms: a0, a1, a2, b0, b1, b2, each `[batch]`.
        interpolation: NEAREST or BILINEAR.
        fill_mode: of pixels outside the original: CONSTANT is `FILL`, NEAREST the border.
    """
    flat = tf.zeros_like(transforms[0])  # c0 and c1: no projection
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack([*transforms, flat, flat], axis=1),
        output_shape=images.shape[1:3],
        fill_value=FILL,
        interpolation=interpolation,
        fill_mode=fill_mode,
    )


def _of_examples(numbers: tf.Tensor) -> tf.Tensor:
    """`[batch]` -> `[batch, 1, 1, 1]`."""
    return tf.reshape(numbers, (-1, 1, 1, 1))


def _to_either_side(uniform: tf.Tensor) -> tf.Tensor:
    """From [0, 1) to [-1, 1)."""
    return 2.0 * uniform - 1.0


def _whole_number(uniform: tf.Tensor, least: int, most: int) -> tf.Tensor:
    """From [0, 1) to the whole numbers from `least` to `most`, with equal probability."""
    return least + tf.cast(tf.floor(uniform * (most - least + 1)), tf.int32)
