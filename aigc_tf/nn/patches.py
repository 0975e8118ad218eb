"""Patch transformers (DiT): images as sequences of patches, with a condition in every block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import layers

from aigc_tf.nn.attention import MultiHeadAttention, dense
from aigc_tf.nn.blocks import DepthToSpace
from aigc_tf.nn.normalisation import modulated
from aigc_tf.nn.towers import LearnedPlaces


def patch_transformer(
    x: Any,
    condition: Any,
    *,
    patch: int,
    width: int,
    depth: int,
    heads: int,
    channels: int,
    look: Callable[..., Any] | None = None,
) -> Any:
    """The diffusion transformer DiT (Peebles & Xie 2023, §3.2, figure 3, adaLN-Zero), with learned positions.

    Its output starts as 0, and each of its blocks as the identity.

    Args:
        x: `[batch, height, width, any]`; sizes are multiples of the patch.
        condition: `[batch, numbers]`, for example of a time.
        patch: height and width of the patches.
        width: of a patch's embedding, a multiple of the heads.
        depth: number of blocks.
        heads: of each attention.
        channels: of the output.
        look: applied in each block between the attention and the dense layers, to `[batch, patches, width]` and a name
            suffix, keeping the shape; None for nothing. PixArt-α has its cross-attention there (Chen et al. 2024,
            §2.3).

    Returns:
        `[batch, height, width, channels]`.
    """
    rows, columns = x.shape[1] // patch, x.shape[2] // patch
    x = layers.Conv2D(width, patch, strides=patch, name="patch")(x)
    x = layers.Reshape((rows * columns, width), name="sequence")(x)
    x = LearnedPlaces(name="patch_places")(x)
    told = layers.Activation("silu", name="condition_activation")(condition)
    for index in range(depth):
        x = _conditioned_block(x, told, heads, f"block_{index}", look)
    x = _normalised(x, told, "last")
    x = layers.Dense(patch**2 * channels, kernel_initializer="zeros", name="pixels")(x)
    x = layers.Reshape((rows, columns, patch**2 * channels), name="grid")(x)
    return DepthToSpace(patch, name="full_size")(x)


def _conditioned_block(x: Any, told: Any, heads: int, name: str, look: Callable[..., Any] | None) -> Any:
    """Attention and two dense layers, each residual multiplied by a gate that starts as 0."""
    width = x.shape[-1]
    attention = MultiHeadAttention(width, heads, name=name)
    seen, _ = attention(_normalised(x, told, f"{name}_attention"))
    x = layers.Add(name=f"{name}_attended")([x, _gated(seen, told, f"{name}_attention")])
    if look is not None:
        x = look(x, name=f"_{name}")
    inner = _normalised(x, told, f"{name}_feed_forward")
    inner = dense(4 * width, width**-0.5, f"{name}_widen", "gelu")(inner)
    inner = dense(width, (4 * width) ** -0.5, f"{name}_narrow")(inner)
    return layers.Add(name=name)([x, _gated(inner, told, f"{name}_feed_forward")])


def _normalised(x: Any, told: Any, name: str) -> Any:
    """Layer normalisation whose scale and shift come from the condition and start as 1 and 0."""
    x = layers.LayerNormalization(center=False, scale=False, name=f"{name}_norm")(x)
    return modulated(x, told, f"{name}_norm", kernel_initializer="zeros")


def _gated(x: Any, told: Any, name: str) -> Any:
    gate = layers.Dense(x.shape[-1], kernel_initializer="zeros", name=f"{name}_gate")(told)
    return layers.Multiply(name=f"{name}_gated")([x, layers.Reshape((1, x.shape[-1]), name=f"{name}_gates")(gate)])
