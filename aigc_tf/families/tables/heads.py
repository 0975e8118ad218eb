"""Network outputs for a row: positions of numbers in their modes, and for each column logits of its choices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.data.tables.scheme import Scheme


def by_column(scheme: Scheme, numbers: Any) -> list[Any]:
    """Split values of all choices, `[batch, choices]`, into a tensor for each column."""
    parts: list[Any] = tf.split(numbers, scheme.sizes, axis=-1)
    return parts


class ColumnSoftmax(keras.layers.Layer):
    """Logits of all choices, `[batch, choices]` -> probabilities that sum to 1 in each column.

    Args:
        sizes: choices of each column.
    """

    def __init__(self, sizes: Sequence[int], **options: Any) -> None:
        super().__init__(**options)
        self.sizes = tuple(sizes)

    def get_config(self) -> dict[str, Any]:
        """The constructor's argument."""
        return {**super().get_config(), "sizes": self.sizes}

    def call(self, logits: Any) -> Any:
        """The probabilities; Keras's own softmax warns about columns with a single choice."""
        return tf.concat([tf.nn.softmax(part) for part in tf.split(logits, self.sizes, axis=-1)], axis=-1)

    def compute_output_shape(self, shape: Any) -> Any:
        """The shape of the logits."""
        return shape


def relaxed_choices(scheme: Scheme, logits: Any, temperature: float, seed: keras.random.SeedGenerator) -> Any:
    """Differentiable choices: the Gumbel-softmax of each column (Jang et al. 2017; Maddison et al. 2017).

    Args:
        scheme: of the columns.
        logits: `[batch, choices]`.
        temperature: nearer to 0 gives values nearer to one-hot.
        seed: of the noise.
    """
    uniform = keras.random.uniform(ops.shape(logits), minval=1e-7, maxval=1.0, seed=seed)
    noisy = (logits - ops.log(-ops.log(uniform) + 1e-7)) / temperature
    return tf.concat([tf.nn.softmax(part) for part in by_column(scheme, noisy)], axis=-1)


def choice_nats(scheme: Scheme, logits: Any, chosen: Any) -> Any:
    """Cross-entropy of the choice in each column, in nats: `[batch, columns]`.

    Args:
        scheme: of the columns.
        logits: `[batch, choices]`.
        chosen: ones and zeros of the same shape.
    """
    pairs = zip(by_column(scheme, logits), by_column(scheme, chosen), strict=True)
    return tf.stack([tf.nn.softmax_cross_entropy_with_logits(ones, part) for part, ones in pairs], axis=-1)
