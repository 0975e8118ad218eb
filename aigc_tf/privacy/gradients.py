"""Clipped sums of per-example gradients, without materialising a gradient for each example (ghost clipping).

A layer is linear in its weights: its kernel's gradient for one example is a sum over positions of outer products of
inputs and output gradients. The norms of such sums can be computed from these factors (Goodfellow 2015; "ghost norms",
Li et al. 2022, §4; Bu et al. 2022), and so can the clipped sum over the examples, with a single backward pass
("book-keeping", Bu et al. 2023).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf
from keras import layers

from aigc_tf.errors import InputError
from aigc_tf.nn.keras_internals import flat_layers

Factors = tuple[tf.Tensor, tf.Tensor]
"""`a` `[batch, positions, in]` and `b` `[batch, positions, out]`: the kernel's gradient is the sum of `aᵀb`."""


class Passage(NamedTuple):
    """A layer's recorded inputs and outputs in one forward pass."""

    layer: keras.layers.Layer
    inputs: tf.Tensor
    outputs: tf.Tensor


class Traced:
    """A network that also records the inputs and outputs of its trainable layers.

    Args:
        network: Functional; each of its layers with weights is used once, and is a Dense, Conv2D or Conv2DTranspose
            layer without an activation of its own.

    Raises:
        InputError: it has another layer with weights, or one that couples the examples of a batch.
    """

    def __init__(self, network: keras.Model) -> None:
        self.layers = [layer for layer in network.layers if layer.trainable_variables]
        for layer in flat_layers(network, include_self=False):
            refuse_unknown(layer, network.name)
        passages = [(layer.input, layer.output) for layer in self.layers]
        self.model = keras.Model(network.inputs, [network.outputs, passages], name=f"traced_{network.name}")

    def __call__(self, inputs: Any) -> tuple[list[tf.Tensor], list[Passage]]:
        """The network's outputs in training mode, and the passages of its trainable layers, in order."""
        outputs, passages = self.model(inputs, training=True)
        found = zip(self.layers, passages, strict=True)
        return outputs, [Passage(layer, entering, leaving) for layer, (entering, leaving) in found]

    @property
    def weights(self) -> list[keras.Variable]:
        """Trainable weights, in the order of the sums that `clipped_sums` returns for its passages."""
        return [weight for layer in self.layers for weight in layer.trainable_variables]


def refuse_unknown(layer: keras.layers.Layer, network: str) -> None:
    """Raise InputError for a layer that private training does not support."""
    if isinstance(layer, layers.BatchNormalization):
        raise InputError(
            f"{layer.name} in the {network} is a batch normalisation: it mixes the examples of a batch, so that none "
            "has a gradient of its own to clip; private networks do without"
        )
    if not layer.weights:
        return
    if not any(isinstance(layer, known) for known in FACTORS):
        known = ", ".join(kind.__name__ for kind in FACTORS)
        raise InputError(
            f"{layer.name} in the {network} is a {type(layer).__name__}: private training can clip the gradients "
            f"of {known}"
        )
    if layer.activation is not keras.activations.linear:
        raise InputError(
            f"{layer.name} in the {network} has an activation: private training needs it as a layer of its own"
        )
    if getattr(layer, "groups", 1) != 1 or getattr(layer, "dilation_rate", 1) not in (1, (1, 1)):
        raise InputError(f"{layer.name} in the {network} has groups or dilation: private training supports neither")


def clipped_sums(
    passages: Sequence[Passage], slopes: Sequence[tf.Tensor], clip_norm: float | None
) -> tuple[list[tf.Tensor], tf.Tensor]:
    """The sum of per-example gradients, each clipped to a norm of at most `clip_norm`.

    Args:
        passages: of all trainable weights, each once.
        slopes: gradients of the sum of the examples' losses with respect to the outputs of each passage.
        clip_norm: C of Abadi et al. 2016, algorithm 1; None clips nothing.

    Returns:
        A sum for each weight, kernel before bias, and the norms before clipping, `[batch]`. Examples with a non-finite
        norm contribute nothing to a clipped sum.
    """
    factors = [_of_kind(passage.layer)(passage, slope) for passage, slope in zip(passages, slopes, strict=True)]
    squared = tf.add_n([squared_norms(*pair) for pair in factors])
    squared += tf.add_n([tf.reduce_sum(_bias(p, s) ** 2, -1) for p, s in zip(passages, slopes, strict=True)])
    norms = tf.sqrt(squared)
    shares = shares_of(norms, clip_norm)
    sums = []
    for passage, slope, (a, b) in zip(passages, slopes, factors, strict=True):
        kernel = weighted_sum(counted(a, shares), counted(b, shares), shares)
        sums.append(tf.reshape(kernel, passage.layer.kernel.shape))
        if passage.layer.use_bias:
            sums.append(tf.linalg.matvec(counted(_bias(passage, slope), shares), shares, transpose_a=True))
    return sums, norms


def shares_of(norms: tf.Tensor, clip_norm: float | None) -> tf.Tensor:
    """Clipping factors of the examples' gradients, `[batch]`: 0 where the norm is not finite, 1 without clipping."""
    if clip_norm is None:
        return tf.ones_like(norms)
    return tf.where(tf.math.is_finite(norms), clip_norm / tf.maximum(norms, clip_norm), 0.0)


def counted(tensor: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
    """`[batch, ...]`, with zeros for examples of share 0, since multiplying a non-finite value by 0 does not give 0."""
    counts = shares > 0

    def without_the_others() -> tf.Tensor:
        return tf.where(tf.reshape(counts, (-1, *(1 for _ in tensor.shape[1:]))), tensor, 0.0)

    return tf.cond(tf.reduce_all(counts), lambda: tensor, without_the_others)  # a copy is hardly ever needed


def squared_norms(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """The squared Frobenius norm of the sum over positions of `aᵀb`, for each example: `[batch]`."""
    positions, entering, leaving = a.shape[1], a.shape[2], b.shape[2]
    if positions == 1:
        return tf.reduce_sum(a**2, (1, 2)) * tf.reduce_sum(b**2, (1, 2))
    if positions * (entering + leaving) < entering * leaving:  # Gram matrices need fewer products (Bu et al. 2022)
        return tf.reduce_sum(tf.matmul(a, a, transpose_b=True) * tf.matmul(b, b, transpose_b=True), (1, 2))
    return tf.reduce_sum(tf.matmul(a, b, transpose_a=True) ** 2, (1, 2))


def weighted_sum(a: tf.Tensor, b: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
    """The sum over examples and positions of `share * aᵀb`: `[in, out]`."""
    rows = tf.reshape(b * shares[:, None, None], (-1, b.shape[2]))
    return tf.matmul(tf.reshape(a, (-1, a.shape[2])), rows, transpose_a=True)


def _dense(passage: Passage, slope: tf.Tensor) -> Factors:
    return _as_rows(passage.inputs), _as_rows(slope)


def _convolution(passage: Passage, slope: tf.Tensor) -> Factors:
    return _as_rows(_patches(passage.layer, passage.inputs)), _as_rows(slope)


def _transposed(passage: Passage, slope: tf.Tensor) -> Factors:
    """The transpose of a convolution: inputs and output gradients change places."""
    return _as_rows(_patches(passage.layer, slope)), _as_rows(passage.inputs)


FACTORS: dict[type, Callable[[Passage, tf.Tensor], Factors]] = {
    layers.Dense: _dense,
    layers.Conv2D: _convolution,
    layers.Conv2DTranspose: _transposed,
}
"""The factors of the kernel's gradient, by type of layer."""


def _of_kind(layer: keras.layers.Layer) -> Callable[[Passage, tf.Tensor], Factors]:
    return next(factors for kind, factors in FACTORS.items() if isinstance(layer, kind))


def _patches(layer: Any, images: tf.Tensor) -> tf.Tensor:
    """The input patch at each kernel position, `[batch, height, width, kernel height * kernel width * channels]`."""
    sizes, strides = (1, *layer.kernel_size, 1), (1, *layer.strides, 1)
    return tf.image.extract_patches(images, sizes, strides, (1, 1, 1, 1), layer.padding.upper())


def _as_rows(tensor: tf.Tensor) -> tf.Tensor:
    """`[batch, ..., numbers]` -> `[batch, positions, numbers]`."""
    positions = 1
    for size in tensor.shape[1:-1]:
        positions *= size
    return tf.reshape(tensor, (-1, positions, tensor.shape[-1]))


def _bias(passage: Passage, slope: tf.Tensor) -> tf.Tensor:
    """The gradient of the bias for each example, `[batch, out]`; 0 where there is none."""
    return tf.reduce_sum(_as_rows(slope), 1) if passage.layer.use_bias else tf.zeros((tf.shape(slope)[0], 1))
