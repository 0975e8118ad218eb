"""U-Nets: one for pictures of any height and width, and a light one for many passes over small pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras
from keras import layers

from aigc_tf.nn.blocks import (
    DepthToSpace,
    NearestDoubling,
    Upsampling,
    preactivated_block,
    unet_block,
    unet_down,
    unet_up,
    upsample,
)


def half_size_unet(
    x: Any,
    filters: Sequence[int],
    lowest_blocks: int,
    channels: int,
    *,
    groups: int | None = None,
    condition: Any = None,
    bias: float = 0.0,
    method: Upsampling = "depth_to_space",
) -> Any:
    """A U-Net (Ronneberger et al. 2015) that starts at half the resolution, where convolutions cost a quarter.

    Args:
        x: `[batch, height, width, any]`; sizes are multiples of 2 to the number of `filters`.
        filters: channels at 1/2, 1/4, ... of the size.
        lowest_blocks: residual blocks at the smallest size; the other levels have one in the encoder and one in the
            decoder.
        channels: of the output.
        groups: of group normalisation, see `aigc_tf.nn.normalisation.group_norm`; None for no normalisation.
        condition: `[batch, numbers]`, see `aigc_tf.nn.blocks.preactivated_block`; None for none.
        bias: initial bias of the last convolution, whose kernel starts as zeros.
        method: of upsampling, see `aigc_tf.nn.blocks.upsample`. `nearest` causes no checkerboard artefacts.

    Returns:
        `[batch, height, width, channels]`.
    """
    *upper, lowest = filters
    x = layers.Conv2D(filters[0], 4, strides=2, padding="same", name="halve")(x)
    skips = []
    for level, width in enumerate(upper):
        x, skip = unet_down(x, width, blocks=1, name=f"down_{level}", groups=groups, condition=condition)
        skips.append(skip)
    for index in range(lowest_blocks):
        x = unet_block(x, lowest, name=f"lowest_{index}", groups=groups, condition=condition)
    for level, width in reversed(list(enumerate(upper))):
        x = unet_up(
            x,
            skips[level],
            width,
            blocks=1,
            name=f"up_{level}",
            groups=groups,
            condition=condition,
            method=method,
            even=True,
        )
    start = keras.initializers.Constant(bias)
    last = partial(layers.Conv2D, padding="same", kernel_initializer="zeros", bias_initializer=start, name="last")
    if method == "nearest":
        return last(channels, 5)(NearestDoubling(name="full_size")(x))
    return DepthToSpace(2, name="full_size")(last(4 * channels, 3)(x))


def adding_unet(
    x: Any,
    condition: Any,
    filters: Sequence[int],
    blocks: Sequence[int],
    channels: int,
    lowest: Callable[[Any], Any] | None = None,
) -> Any:
    """A U-Net that adds its skips, has no normalisation and starts at half the resolution: cheap, for many passes.

    Its output starts as 0.

    Args:
        x: `[batch, height, width, any]`; sizes are multiples of 2 to the number of `filters`.
        condition: `[batch, numbers]`, for example of a time; see `aigc_tf.nn.blocks.preactivated_block`.
        filters: channels at 1/2, 1/4, ... of the size.
        blocks: residual blocks at each size in the encoder; the decoder has one at each but the smallest.
        channels: of the output.
        lowest: applied at the smallest size, before the last of its blocks, keeping the shape; None for nothing.

    Returns:
        `[batch, height, width, channels]`.
    """
    skips = []
    for level, (width, count) in enumerate(zip(filters, blocks, strict=True)):
        x = layers.Conv2D(width, 4, strides=2, padding="same", name=f"halve_{level}")(x)
        for index in range(count):
            if lowest is not None and (level, index) == (len(filters) - 1, count - 1):
                x = lowest(x)
            x = preactivated_block(x, width, name=f"down_{level}_{index}", condition=condition)
        skips.append(x)
    for level, width in reversed(list(enumerate(filters[:-1]))):
        x = upsample(x, width, name=f"double_{level}", kernel_size=1)
        x = layers.Add(name=f"skip_{level}")([x, skips[level]])
        x = preactivated_block(x, width, name=f"up_{level}", condition=condition)
    x = layers.Activation("silu", name="last_activation")(x)
    x = layers.Conv2D(4 * channels, 3, padding="same", kernel_initializer="zeros", name="last")(x)
    return DepthToSpace(2, name="full_size")(x)
