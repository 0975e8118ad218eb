"""Discriminators: strided convolutions (DCGAN: Radford et al. 2015, §3), and PatchGAN (Isola et al. 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import layers

from aigc_tf.nn import fast_layers
from aigc_tf.nn.layers import spectrally_normalised
from aigc_tf.nn.normalisation import INSTANCE_NORM, group_norm

PATCH_SLOPE = 0.2  # of LeakyReLU


def strided_features(
    x: Any,
    filters: Sequence[int],
    *,
    kernel_size: int,
    slope: float,
    strides: int = 2,
    use_bias: bool = True,
    normalisation_momentum: float | None = None,
    dropout: float | None = None,
    spectral_normalisation: bool = False,
    first: int = 1,
    fast: bool = True,
) -> Any:
    """Convolutions, each followed by LeakyReLU.

    Args:
        x: images `[batch, height, width, channels]`.
        filters: of each convolution.
        kernel_size: of each.
        slope: negative slope of LeakyReLU.
        strides: of each convolution.
        use_bias: of each convolution.
        normalisation_momentum: of batch normalisation after all convolutions but the first; None for no normalisation.
        dropout: dropout rate; None for no such layer.
        spectral_normalisation: of the kernels (Miyato et al. 2018).
        first: the number in the names of the first layers.
        fast: whether to use the layers from `fast_layers`, which are not faster everywhere.

    Returns:
        `[batch, ⌈height / strides^n⌉, ⌈width / strides^n⌉, filters[-1]]` of n convolutions.
    """
    kinds = fast_layers if fast else layers
    for index, count in enumerate(filters, first):
        convolution = kinds.Conv2D(
            count, kernel_size, strides=strides, padding="same", use_bias=use_bias, name=f"convolution_{index}"
        )
        x = spectrally_normalised(convolution, spectral_normalisation)(x)
        if normalisation_momentum is not None and index > first:
            x = kinds.BatchNormalization(momentum=normalisation_momentum, name=f"normalisation_{index}")(x)
        x = layers.LeakyReLU(slope, name=f"activation_{index}")(x)
        if dropout is not None:
            x = kinds.Dropout(dropout, name=f"dropout_{index}")(x)
    return x


def logits(features: Any, *, use_bias: bool = True, spectral_normalisation: bool = False) -> Any:
    """Features `[batch, ...]` -> one logit per image, `[batch, 1]`, by a dense layer over the flattened features."""
    flat = layers.Flatten(name="flatten")(features)
    return spectrally_normalised(layers.Dense(1, use_bias=use_bias, name="logits"), spectral_normalisation)(flat)


def patch_scores(x: Any, filters: Sequence[int], *, groups: int | None = INSTANCE_NORM) -> Any:
    """PatchGAN (Isola et al. 2017, §3.2.2): with three `filters` each score has a receptive field of 34x34 pixels.

    Args:
        x: images `[batch, height, width, channels]`.
        filters: of the convolutions; all but the last halve height and width.
        groups: of the normalisation after all convolutions but the first; None for none.

    Returns:
        `[batch, ⌈height / 2^(n - 1)⌉, ⌈width / 2^(n - 1)⌉, 1]` of n filters.
    """
    for index, count in enumerate(filters):
        strides = 1 if index == len(filters) - 1 else 2
        x = layers.Conv2D(count, 4, strides=strides, padding="same", name=f"convolution_{index}")(x)
        if index and groups is not None:
            x = group_norm(x, groups, f"norm_{index}")
        x = layers.LeakyReLU(PATCH_SLOPE, name=f"activation_{index}")(x)
    return layers.Conv2D(1, 4, padding="same", name="scores")(x)
