"""Building blocks of image networks: functions from tensors to tensors, with explicit arguments.

Images are `[batch, height, width, channels]`, of any height and width, also unknown ones. `name` is the prefix of the
names of a block's layers.
"""

from __future__ import annotations

from typing import Any, Literal

import keras
from keras import layers, ops

from aigc_tf.nn import fast_layers
from aigc_tf.nn.normalisation import INSTANCE_NORM, adaptive_norm, group_norm

Upsampling = Literal["depth_to_space", "nearest"]


def gaussian_head(x: Any, latent_dim: int) -> list[Any]:
    """Features `[batch, features]` -> mean and log variance, `[batch, latent_dim]` each (Kingma & Welling 2014)."""
    return [layers.Dense(latent_dim, name=name)(x) for name in ("mean", "log_variance")]


def batch_norm_activation(
    x: Any, momentum: float | None, name: str, slope: float | None = None, fast: bool = True
) -> Any:
    """Batch normalisation and an activation.

    Args:
        x: `[batch, ..., channels]`.
        momentum: of the moving averages; None for no normalisation.
        name: appended to the names of both layers.
        slope: negative slope of LeakyReLU; None is ReLU.
        fast: whether to use the layer from `fast_layers`, which is not faster everywhere.

    Returns:
        The shape of `x`.
    """
    kinds = fast_layers if fast else layers
    if momentum is not None:
        x = kinds.BatchNormalization(momentum=momentum, name=f"normalisation_{name}")(x)
    activation = layers.ReLU if slope is None else layers.LeakyReLU
    options = {} if slope is None else {"negative_slope": slope}
    return activation(**options, name=f"activation_{name}")(x)


def residual_block(
    x: Any,
    filters: int,
    *,
    name: str,
    groups: int | None = None,
    activation: str = "relu",
    activate_sum: bool = False,
) -> Any:
    """A residual block of two convolutions (He et al. 2015, eq. 1; without norm: Lim et al. 2017, figure 2c).

    x + convolution(activation(convolution(x))), normalised if there are groups.

    Args:
        x: `[batch, height, width, channels]`; a 1x1 convolution projects it if its channels differ from `filters`.
        filters: of both convolutions, 3x3.
        name: of the block.
        groups: of the group normalisation after each convolution; None for no normalisation.
        activation: between the convolutions.
        activate_sum: whether to apply the activation to the sum, too.

    Returns:
        `[batch, height, width, filters]`.
    """
    inline = activation if groups is None else None
    inner = layers.Conv2D(filters, 3, padding="same", activation=inline, name=f"{name}_first")(x)
    if groups is not None:
        inner = group_norm(inner, groups, f"{name}_first_norm")
        inner = layers.Activation(activation, name=f"{name}_first_activation")(inner)
    inner = layers.Conv2D(filters, 3, padding="same", name=f"{name}_second")(inner)
    if groups is not None:
        inner = group_norm(inner, groups, f"{name}_second_norm")
    x = layers.Add(name=f"{name}_sum")([_as_wide(x, filters, name), inner])
    return layers.Activation(activation, name=name)(x) if activate_sum else x


def preactivated_block(
    x: Any,
    filters: int,
    *,
    name: str,
    groups: int | None = None,
    activation: str = "silu",
    condition: Any = None,
) -> Any:
    """A pre-activation residual block: normalise and activate before each convolution (He et al. 2016, figure 4e).

    The last convolution is initialised to zero, so that the block starts as the identity (Ho et al. 2020, appendix B).

    Args:
        x: `[batch, height, width, channels]`; a 1x1 convolution projects it if its channels differ from `filters`.
        filters: of both convolutions, 3x3.
        name: of the block.
        groups: of the group normalisation before each convolution; None for no normalisation.
        activation: before each convolution.
        condition: `[batch, numbers]`, of a time, a class or a style: its projection is added between the convolutions.
            Instance normalisation would remove that again, so there the condition gives scale and shift.

    Returns:
        `[batch, height, width, filters]`.
    """

    adapts = condition is not None and groups == INSTANCE_NORM

    def prepared(x: Any, place: str) -> Any:
        if adapts:
            x = adaptive_norm(x, condition, f"{name}_{place}_norm")
        elif groups is not None:
            x = group_norm(x, groups, f"{name}_{place}_norm")
        return layers.Activation(activation, name=f"{name}_{place}_activation")(x)

    inner = layers.Conv2D(filters, 3, padding="same", name=f"{name}_first")(prepared(x, "first"))
    if condition is not None and not adapts:
        told = layers.Activation(activation, name=f"{name}_condition_activation")(condition)
        told = layers.Dense(filters, name=f"{name}_condition")(told)
        told = layers.Reshape((1, 1, filters), name=f"{name}_condition_everywhere")(told)
        inner = layers.Add(name=f"{name}_conditioned")([inner, told])
    last = layers.Conv2D(filters, 3, padding="same", kernel_initializer="zeros", name=f"{name}_second")
    return layers.Add(name=f"{name}_sum")([_as_wide(x, filters, name), last(prepared(inner, "second"))])


def _as_wide(x: Any, filters: int, name: str) -> Any:
    return x if x.shape[-1] == filters else layers.Conv2D(filters, 1, name=f"{name}_projection")(x)


@keras.saving.register_keras_serializable(package="aigc_tf")
class DepthToSpace(layers.Layer):
    """Rearrange channels into pixels, also called pixel shuffle (Shi et al. 2016, eq. 4).

    `[batch, height, width, size² * channels]` -> `[batch, size * height, size * width, channels]`; channel c of pixel
    (y, x) of a square is channel `(size * y + x) * channels + c` of the input.

    Args:
        size: of the squares.
    """

    def __init__(self, size: int = 2, **options: Any) -> None:
        super().__init__(**options)
        self.size = size

    def call(self, x: Any) -> Any:
        return ops.depth_to_space(x, self.size)

    def compute_output_spec(self, x: Any) -> Any:
        batch, *sizes, channels = x.shape
        larger = [None if size is None else self.size * size for size in sizes]
        return keras.KerasTensor((batch, *larger, channels // self.size**2), x.dtype)


@keras.saving.register_keras_serializable(package="aigc_tf")
class NearestDoubling(layers.Layer):
    """Nearest-neighbour upsampling by a factor of 2.

    With `keras.layers.UpSampling2D` and images of unknown size, LiteRT's converter loses the number of channels and
    rejects the next convolution.
    """

    def call(self, x: Any) -> Any:
        """`[batch, height, width, channels]` -> `[batch, 2 * height, 2 * width, channels]`."""
        return ops.depth_to_space(ops.concatenate([x] * 4, axis=-1), 2)

    def compute_output_spec(self, x: Any) -> Any:
        batch, height, width, channels = x.shape
        return keras.KerasTensor((batch, height and 2 * height, width and 2 * width, channels), x.dtype)


def upsample(x: Any, filters: int, *, name: str, method: Upsampling = "depth_to_space", kernel_size: int = 3) -> Any:
    """Double height and width.

    Args:
        x: `[batch, height, width, channels]`.
        filters: channels of the output.
        name: of the block.
        method: `depth_to_space` is a convolution to four times the filters, then a pixel shuffle (Shi et al. 2016);
            `nearest` repeats pixels before the convolution (Odena et al. 2016), at four times the arithmetic.
        kernel_size: of the convolution.

    Returns:
        `[batch, 2 * height, 2 * width, filters]`.
    """
    if method == "nearest":
        x = NearestDoubling(name=f"{name}_nearest")(x)
        return layers.Conv2D(filters, kernel_size, padding="same", name=f"{name}_convolution")(x)
    x = layers.Conv2D(4 * filters, kernel_size, padding="same", name=f"{name}_convolution")(x)
    return DepthToSpace(2, name=f"{name}_depth_to_space")(x)


@keras.saving.register_keras_serializable(package="aigc_tf")
class CropLike(layers.Layer):
    """Crop images to the height and width of others, keeping the upper left part."""

    def call(self, x: Any, like: Any) -> Any:
        """`[batch, height, width, channels]`, and `[batch, smaller height, smaller width, any]`."""
        shape = ops.shape(like)
        return x[:, : shape[1], : shape[2]]

    def compute_output_spec(self, x: Any, like: Any) -> Any:
        return keras.KerasTensor((x.shape[0], like.shape[1], like.shape[2], x.shape[3]), x.dtype)


def crop(x: Any, height: int, width: int, name: str) -> Any:
    """Crop images of known size to their upper left part; adds no layer if there is nothing to crop."""
    cut = ((0, x.shape[1] - height), (0, x.shape[2] - width))
    return layers.Cropping2D(cut, name=name)(x) if any(after for _, after in cut) else x


def unet_block(x: Any, filters: int, *, name: str, groups: int | None = None, condition: Any = None) -> Any:
    """`preactivated_block`, or `residual_block` if there is neither normalisation nor a condition.

    Without normalisation, a block whose last convolution is initialised to zero learns several times more slowly.

    Args:
        x: `[batch, height, width, channels]`.
        filters: of both convolutions.
        name: of the block.
        groups: see `preactivated_block`.
        condition: the same.

    Returns:
        `[batch, height, width, filters]`.
    """
    if groups is None and condition is None:
        return residual_block(x, filters, name=name)
    return preactivated_block(x, filters, name=name, groups=groups, condition=condition)


def unet_down(
    x: Any,
    filters: int,
    *,
    blocks: int,
    name: str,
    groups: int | None = None,
    condition: Any = None,
) -> tuple[Any, Any]:
    """One level of a U-Net's encoder: residual blocks, and a convolution of stride 2 (Ronneberger et al. 2015).

    Args:
        x: `[batch, height, width, channels]`.
        filters: of the level.
        blocks: how many.
        name: of the level.
        groups: see `unet_block`.
        condition: the same.

    Returns:
        `[batch, ⌈height / 2⌉, ⌈width / 2⌉, filters]`, and the skip connection for `unet_up`, of the size of `x`.
    """
    for index in range(blocks):
        x = unet_block(x, filters, name=f"{name}_block_{index}", groups=groups, condition=condition)
    return layers.Conv2D(filters, 3, strides=2, padding="same", name=f"{name}_halve")(x), x


def unet_up(
    x: Any,
    skip: Any,
    filters: int,
    *,
    blocks: int,
    name: str,
    groups: int | None = None,
    condition: Any = None,
    method: Upsampling = "depth_to_space",
    even: bool = False,
) -> Any:
    """One level of a U-Net's decoder: upsampling, concatenation with the skip, and residual blocks.

    Args:
        x: `[batch, ⌈height / 2⌉, ⌈width / 2⌉, channels]`.
        skip: of the same level's `unet_down`, `[batch, height, width, any]`.
        filters: of the level.
        blocks: how many.
        name: of the level.
        groups: see `unet_block`.
        condition: the same.
        method: see `upsample`.
        even: whether unknown heights and widths of the skip are always even, so that no crop is needed. LiteRT runs a
            crop of tensors of unknown size, and everything after it, without its delegates.

    Returns:
        `[batch, height, width, filters]`.
    """
    x = upsample(x, filters, name=f"{name}_double", method=method)
    height, width = skip.shape[1:3]
    if None in (*x.shape[1:3], height, width):
        x = x if even else CropLike(name=f"{name}_crop")(x, skip)
    else:
        x = crop(x, height, width, f"{name}_crop")
    x = layers.Concatenate(name=f"{name}_skip")([x, skip])
    for index in range(blocks):
        x = unet_block(x, filters, name=f"{name}_block_{index}", groups=groups, condition=condition)
    return x
