"""Group and instance normalisation of images, and adaptive normalisation by a condition."""

from __future__ import annotations

import math
from typing import Any

from keras import layers

from aigc_tf.nn.instance_norm import InstanceNormalization

INSTANCE_NORM = -1
"""Value of `groups` for instance normalisation: each channel of each image separately."""


def group_norm(x: Any, groups: int, name: str) -> Any:
    """Group normalisation over height, width and the channels of a group, per image (Wu & He 2018).

    If the channels are not a multiple of `groups`, the number of groups is the greatest common divisor. With
    `INSTANCE_NORM` each channel is a group (Ulyanov et al. 2017).
    """
    if groups == INSTANCE_NORM:
        return InstanceNormalization(name=name)(x)
    return layers.GroupNormalization(math.gcd(groups, x.shape[-1]), name=name)(x)


def adaptive_norm(x: Any, condition: Any, name: str) -> Any:
    """Adaptive instance normalisation: scale and shift depend on a condition (Huang & Belongie 2017, eq. 8).

    Scale and shift are affine functions of the condition (Ghiasi et al. 2017, §2.2), and start near 1 and 0.

    Args:
        x: `[batch, height, width, channels]`.
        condition: `[batch, numbers]`.
        name: of the normalisation.

    Returns:
        The shape of `x`.
    """
    x = InstanceNormalization(center=False, scale=False, name=name)(x)
    return modulated(x, condition, name)


def modulated(x: Any, condition: Any, name: str, kernel_initializer: str = "glorot_uniform") -> Any:
    """Scale and shift a normalised input by affine functions of a condition (FiLM).

    Args:
        x: `[batch, ..., channels]`.
        condition: `[batch, numbers]`.
        name: of the normalisation.
        kernel_initializer: of both affine functions, whose biases start as 1 and 0; `zeros` makes this the identity at
            first.

    Returns:
        The shape of `x`.
    """
    channels = x.shape[-1]
    parts = {}
    for part, start in (("scale", "ones"), ("shift", "zeros")):
        made = layers.Dense(
            channels, kernel_initializer=kernel_initializer, bias_initializer=start, name=f"{name}_{part}"
        )
        everywhere = (1,) * (len(x.shape) - 2) + (channels,)
        parts[part] = layers.Reshape(everywhere, name=f"{name}_{part}_everywhere")(made(condition))
    scaled = layers.Multiply(name=f"{name}_scaled")([x, parts["scale"]])
    return layers.Add(name=f"{name}_shifted")([scaled, parts["shift"]])
