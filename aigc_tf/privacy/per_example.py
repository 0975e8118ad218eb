"""Clipped sums of gradients for networks with any layers, by computing a gradient for each example.

`gradients.py` takes a fraction of the time but supports only dense and convolutional layers; this supports attention,
embeddings that are used twice, and anything else that is separable by example. Examples are processed one at a time
where there is a loop (`tf.while_loop`, as in Keras's recurrent layers), which TensorFlow cannot vectorise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from aigc_tf.privacy.gradients import counted, shares_of


def clipped_sums_by_example(
    loss_of: Callable[..., tf.Tensor],
    examples: tuple[tf.Tensor, ...],
    weights: Sequence[keras.Variable],
    clip_norm: float | None,
    at_once: int,
) -> tuple[list[tf.Tensor], tf.Tensor, tf.Tensor]:
    """The sum of per-example gradients, each clipped to a norm of at most `clip_norm`.

    Args:
        loss_of: returns the loss, `[]`, of a batch of one example, `[1, ...]` for each part. It has no side effects and
            draws no random numbers: those are a part of the example.
        examples: the parts of all examples, each `[any, ...]`.
        weights: trainable; the loss depends on each.
        clip_norm: C of Abadi et al. 2016, algorithm 1; None clips nothing.
        at_once: examples whose gradients are computed and held together, which takes that many times the memory of the
            weights. 1 for networks with loops, and with convolutions, where more save no time.

    Returns:
        A sum for each weight, the norms before clipping, `[any]`, and the losses, `[any]`. Examples with a non-finite
        norm contribute nothing to a clipped sum.
    """

    def gradient_of(example: tuple[tf.Tensor, ...]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        with tf.GradientTape() as tape:
            loss = loss_of(*(part[None] for part in example))
        # An embedding's gradient is a sparse set of rows (IndexedSlices).
        return loss, [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, weights)]

    def gradients_from(begin: tf.Tensor) -> Any:
        if at_once == 1:
            return tf.nest.map_structure(lambda part: part[None], gradient_of(tuple(part[begin] for part in examples)))
        return tf.vectorized_map(gradient_of, tuple(part[begin : begin + at_once] for part in examples))

    def add(begin: tf.Tensor, sums: list[tf.Tensor], norms: tf.Tensor, losses: tf.Tensor) -> tuple:
        found, gradients = gradients_from(begin)
        rows = [tf.reshape(gradient, (tf.size(found), tf.size(gradient[0]))) for gradient in gradients]
        lengths = tf.sqrt(tf.add_n([tf.einsum("ij,ij->i", row, row) for row in rows]))
        shares = shares_of(lengths, clip_norm)
        clipped = [tf.linalg.matvec(counted(row, shares), shares, transpose_a=True) for row in rows]
        sums = [total + tf.reshape(part, total.shape) for total, part in zip(sums, clipped, strict=True)]
        return begin + at_once, sums, tf.concat([norms, lengths], 0), tf.concat([losses, found], 0)

    nothing = tf.zeros((0,))
    start = (tf.constant(0), [tf.zeros(weight.shape) for weight in weights], nothing, nothing)
    any_size = tf.TensorShape([None])
    shapes = (tf.TensorShape([]), [weight.shape for weight in weights], any_size, any_size)
    left = tf.shape(examples[0])[0]
    _, sums, norms, losses = tf.while_loop(lambda begin, *_: begin < left, add, start, shapes)
    return sums, norms, losses
