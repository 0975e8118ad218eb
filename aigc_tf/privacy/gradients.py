"""Gradients of single examples, clipped and summed, without one gradient being held for each example.

A layer with weights is linear in them: its kernel's gradient for one example is a sum over positions of outer products
of what goes in and of the slopes of what comes out. Norms of such sums follow from either factor (Goodfellow 2015;
"ghost norms", Li et al. 2022, §4; Bu et al. 2022), and so does the clipped sum over the examples: one backward pass in
all ("book-keeping", Bu et al. 2023).
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
    """What went through a layer."""

    layer: keras.layers.Layer
    inputs: tf.Tensor
    outputs: tf.Tensor


class Traced:
    """A network that also says what goes through its layers that are trained.

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
        """The network's outputs in training, and the passages of its layers that are trained, in their order."""
        outputs, passages = self.model(inputs, training=True)
        found = zip(self.layers, passages, strict=True)
        return outputs, [Passage(layer, entering, leaving) for layer, (entering, leaving) in found]

    @property
    def weights(self) -> list[keras.Variable]:
        """In the order of the sums that `clipped_sums` gives for its passages."""
        return [weight for layer in self.layers for weight in layer.trainable_variables]


def refuse_unknown(layer: keras.layers.Layer, network: str) -> None:
    """Raise InputError for a layer that private training cannot account for."""
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
            f"{layer.name} in the {network} is a {type(layer).__name__}: private training knows how to clip the "
            f"gradients of {known}"
        )
    if layer.activation is not keras.activations.linear:
        raise InputError(
            f"{layer.name} in the {network} has an activation: private training needs it as a layer of its own"
        )
    if getattr(layer, "groups", 1) != 1 or getattr(layer, "dilation_rate", 1) not in (1, (1, 1)):
        raise InputError(f"{layer.name} in the {network} has groups or dilation: private training knows neither")


def clipped_sums(
    passages: Sequence[Passage], slopes: Sequence[tf.Tensor], clip_norm: float | None
) -> tuple[list[tf.Tensor], tf.Tensor]:
    """The sum over examples of their gradients, each scaled down to a norm of at most `clip_norm`.

    Args:
        passages: of all the weights that are trained, each once.
        slopes: the derivative of the sum of the examples' losses by the outputs of each passage.
        clip_norm: C of Abadi et al. 2016, algorithm 1; None clips nothing.

    Returns:
        A sum for each weight, kernel before bias, and the norms before clipping, `[batch]`. An example whose norm is
        not finite adds nothing to a clipped sum.
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
    """What the examples' gradients are multiplied by, `[batch]`: 0 where the norm is not finite, 1 without clipping."""
    if clip_norm is None:
        return tf.ones_like(norms)
    return tf.where(tf.math.is_finite(norms), clip_norm / tf.maximum(norms, clip_norm), 0.0)


def counted(tensor: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
    """`[batch, ...]`, with zeros for examples of share 0: what is not finite, times 0, would not be 0."""
    counts = shares > 0

    def without_the_others() -> tf.Tensor:
        return tf.where(tf.reshape(counts, (-1, *(1 for _ in tensor.shape[1:]))), tensor, 0.0)

    return tf.cond(tf.reduce_all(counts), lambda: tensor, without_the_others)  # hardly ever does one have to be copied


def squared_norms(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """The squared Frobenius norm of the sum over positions of `aᵀb`, for each example: `[batch]`."""
    positions, entering, leaving = a.shape[1], a.shape[2], b.shape[2]
    if positions == 1:
        return tf.reduce_sum(a**2, (1, 2)) * tf.reduce_sum(b**2, (1, 2))
    if positions * (entering + leaving) < entering * leaving:  # fewer products by the Gram matrices (Bu et al. 2022)
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
    """The transpose of a convolution: what goes in and the slopes of what comes out change places."""
    return _as_rows(_patches(passage.layer, slope)), _as_rows(passage.inputs)


FACTORS: dict[type, Callable[[Passage, tf.Tensor], Factors]] = {
    layers.Dense: _dense,
    layers.Conv2D: _convolution,
    layers.Conv2DTranspose: _transposed,
}
"""By the kind of layer."""


def _of_kind(layer: keras.layers.Layer) -> Callable[[Passage, tf.Tensor], Factors]:
    return next(factors for kind, factors in FACTORS.items() if isinstance(layer, kind))


def _patches(layer: Any, images: tf.Tensor) -> tf.Tensor:
    """What each position of the kernel covers, `[batch, height, width, kernel height * kernel width * channels]`."""
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
