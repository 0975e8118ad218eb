"""Clipped sums of gradients for networks of any layers: a gradient is made for each example.

`gradients.py` takes a fraction of the time, and knows dense and convolutional layers alone; this takes attention and an
embedding that is used twice, too, and whatever else splits by example and has no loop (`tf.while_loop`, as Keras's
recurrent layers have).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf


def clipped_sums_by_example(
    loss_of: Callable[[tf.Tensor], tf.Tensor],
    examples: tf.Tensor,
    weights: Sequence[keras.Variable],
    clip_norm: float | None,
    at_once: int,
) -> tuple[list[tf.Tensor], tf.Tensor, tf.Tensor]:
    """The sum over examples of their gradients, each scaled down to a norm of at most `clip_norm`.

    Args:
        loss_of: a batch of one example, `[1, ...]` -> its loss, `[]`; it draws no random numbers and changes nothing.
        examples: `[any, ...]`.
        weights: that are trained; the loss depends on each.
        clip_norm: C of Abadi et al. 2016, algorithm 1; None clips nothing.
        at_once: examples whose gradients are held together: so many times the memory of the weights.

    Returns:
        A sum for each weight, the norms before clipping, `[any]`, and the losses, `[any]`.
    """

    def gradient_of(example: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        with tf.GradientTape() as tape:
            loss = loss_of(example[None])
        # An embedding's is a choice of rows.
        return loss, [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, weights)]

    def add(begin: tf.Tensor, sums: list[tf.Tensor], norms: tf.Tensor, losses: tf.Tensor) -> tuple:
        found, gradients = tf.vectorized_map(gradient_of, examples[begin : begin + at_once])
        rows = [tf.reshape(gradient, (tf.size(found), tf.size(gradient[0]))) for gradient in gradients]
        lengths = tf.sqrt(tf.add_n([tf.einsum("ij,ij->i", row, row) for row in rows]))
        shares = tf.ones_like(lengths) if clip_norm is None else clip_norm / tf.maximum(lengths, clip_norm)
        clipped = [tf.linalg.matvec(row, shares, transpose_a=True) for row in rows]
        sums = [total + tf.reshape(part, total.shape) for total, part in zip(sums, clipped, strict=True)]
        return begin + at_once, sums, tf.concat([norms, lengths], 0), tf.concat([losses, found], 0)

    nothing = tf.zeros((0,))
    start = (tf.constant(0), [tf.zeros(weight.shape) for weight in weights], nothing, nothing)
    any_size = tf.TensorShape([None])
    shapes = (tf.TensorShape([]), [weight.shape for weight in weights], any_size, any_size)
    left = tf.shape(examples)[0]
    _, sums, norms, losses = tf.while_loop(lambda begin, *_: begin < left, add, start, shapes)
    return sums, norms, losses
