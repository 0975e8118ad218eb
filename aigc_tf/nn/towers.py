"""From pictures to features at a few places: the beginning of what compares, describes or judges pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from aigc_tf.nn.blocks import preactivated_block


def picture_features(x: Any, filters: Sequence[int]) -> Any:
    """Strided convolutions with a residual block after each.

    Args:
        x: `[batch, height, width, any]`.
        filters: channels at a half, a quarter, ... of the size.

    Returns:
        `[batch, height / 2ⁿ, width / 2ⁿ, filters[-1]]`, rounded up, of n filters; activated.
    """
    for level, width in enumerate(filters):
        x = layers.Conv2D(width, 4, strides=2, padding="same", name=f"halve_{level}")(x)
        x = preactivated_block(x, width, name=f"block_{level}")
    return layers.Activation("silu", name="features")(x)


def spoken(vectors: Any, words: Any) -> Any:
    """1 where a caption has a word, 0 after its end, `[batch, length, 1]`, as the vectors of its words are."""
    return ops.cast(ops.not_equal(words, 0), vectors.dtype)[..., None]


@keras.saving.register_keras_serializable(package="aigc_tf")
class OnlyWords(layers.Layer):
    """Vectors `[batch, length, size]` of captions, zeros after the end of each: int32 `[batch, length]`, 0 there."""

    def call(self, vectors: Any, words: Any) -> Any:
        return vectors * spoken(vectors, words)

    def compute_output_spec(self, vectors: Any, words: Any) -> Any:
        return keras.KerasTensor(vectors.shape, vectors.dtype)


@keras.saving.register_keras_serializable(package="aigc_tf")
class MeanOfWords(layers.Layer):
    """The mean vector of the words of each caption, without what comes after its end."""

    def call(self, vectors: Any, words: Any) -> Any:
        """Vectors `[batch, length, size]`, and numbers int32 `[batch, length]`, 0 after the end -> `[batch, size]`."""
        said = spoken(vectors, words)
        return ops.sum(vectors * said, axis=1) / ops.maximum(ops.sum(said, axis=1), 1.0)

    def compute_output_spec(self, vectors: Any, words: Any) -> Any:
        return keras.KerasTensor((vectors.shape[0], vectors.shape[2]), vectors.dtype)


@keras.saving.register_keras_serializable(package="aigc_tf")
class LearnedPlaces(layers.Layer):
    """Adds a learned vector to what stands at each place (Dosovitskiy et al. 2021, eq. 1)."""

    def build(self, shape: Any) -> None:
        first = keras.initializers.RandomNormal(stddev=0.02)
        self.vectors = self.add_weight(shape=shape[1:], initializer=first, name="vectors")

    def call(self, x: Any) -> Any:
        """`[batch, places, width]` -> the same shape."""
        return x + self.vectors
