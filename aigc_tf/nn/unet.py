"""U-Nets for pictures of any height and width, with normalisation and without."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from aigc_tf.nn.blocks import DepthToSpace, preactivated_block, residual_block, unet_down, unet_up, upsample


def half_size_unet(x: Any, filters: Sequence[int], lowest_blocks: int, channels: int, *, groups: int) -> Any:
    """A U-Net (Ronneberger et al. 2015) that begins at half the size, where convolutions cost a quarter.

    Args:
        x: `[batch, height, width, any]`; sizes are multiples of 2 to the number of `filters`.
        filters: channels at a half, a quarter, ... of the size.
        lowest_blocks: residual blocks at the smallest size; the other levels have one on either side.
        channels: of what comes out.
        groups: of group normalisation, see `aigc_tf.nn.blocks.group_norm`.

    Returns:
        `[batch, height, width, channels]`.
    """
    *upper, lowest = filters
    x = layers.Conv2D(filters[0], 4, strides=2, padding="same", name="halve")(x)
    skips = []
    for level, width in enumerate(upper):
        x, skip = unet_down(x, width, blocks=1, name=f"down_{level}", groups=groups)
        skips.append(skip)
    for index in range(lowest_blocks):
        x = preactivated_block(x, lowest, name=f"lowest_{index}", groups=groups)
    for level, width in reversed(list(enumerate(upper))):
        x = unet_up(x, skips[level], width, blocks=1, name=f"up_{level}", groups=groups)
    return _full_size(x, channels, 0.0)


def plain_unet(x: Any, filters: Sequence[int], lowest_blocks: int, channels: int, bias: float) -> Any:
    """The same without normalisation: residual blocks (Lim et al. 2017, figure 2c), and skips that are added.

    Without normalisation these learn several times as fast as pre-activated blocks, whose last convolution starts as
    zeros.

    Args:
        x: as of `half_size_unet`.
        filters: the same.
        lowest_blocks: the same.
        channels: the same.
        bias: with which the last convolution starts; its kernel starts as zeros.

    Returns:
        `[batch, height, width, channels]`.
    """
    *upper, lowest = filters
    x = layers.Conv2D(filters[0], 6, strides=2, padding="same", name="halve")(x)
    skips = []
    for level, (width, below) in enumerate(itertools.pairwise(filters)):
        x = residual_block(x, width, name=f"down_{level}")
        skips.append(x)
        x = layers.Conv2D(below, 2, strides=2, name=f"down_{level}_halve")(x)
    for index in range(lowest_blocks):
        x = residual_block(x, lowest, name=f"lowest_{index}")
    for level, width in reversed(list(enumerate(upper))):
        x = upsample(x, width, name=f"up_{level}_double", kernel_size=1)
        x = residual_block(layers.Add(name=f"up_{level}_skip")([x, skips[level]]), width, name=f"up_{level}")
    return _full_size(x, channels, bias)


def _full_size(x: Any, channels: int, bias: float) -> Any:
    """Features at half the size -> channels at the full size; the kernel starts as zeros."""
    start = keras.initializers.Constant(bias)
    last = layers.Conv2D(
        4 * channels, 3, padding="same", kernel_initializer="zeros", bias_initializer=start, name="last"
    )
    return DepthToSpace(2, name="full_size")(last(x))
