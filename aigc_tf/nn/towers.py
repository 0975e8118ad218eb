"""Image and caption encoders, and cross-attention from image positions to caption states."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from aigc_tf.nn.attention import MultiHeadAttention, TransformerBlock
from aigc_tf.nn.blocks import preactivated_block


def picture_features(x: Any, filters: Sequence[int]) -> Any:
    """Strided convolutions with a residual block after each.

    Args:
        x: `[batch, height, width, any]`.
        filters: channels at 1/2, 1/4, ... of the size.

    Returns:
        `[batch, height / 2ⁿ, width / 2ⁿ, filters[-1]]`, rounded up, of n filters; activated.
    """
    for level, width in enumerate(filters):
        x = layers.Conv2D(width, 4, strides=2, padding="same", name=f"halve_{level}")(x)
        x = preactivated_block(x, width, name=f"block_{level}")
    return layers.Activation("silu", name="features")(x)


def caption_encoder(length: int, vocabulary: int, size: int, heads: int) -> keras.Model:
    """Word ids int32 `[batch, length]`, 0 after the end -> states `[batch, length, size]`, zeros there.

    Args:
        length: symbols per caption.
        vocabulary: number of symbols.
        size: of the states, a multiple of the heads.
        heads: of the attention between the words.
    """
    words = keras.Input((length,), dtype="int32", name="words")
    x = layers.Embedding(vocabulary, size, name="word_vector")(words)
    x = LearnedPlaces(name="word_places")(x)
    x = TransformerBlock(size, heads, name="words", activation="silu")(x)
    x = OnlyWords(name="states")(layers.RMSNormalization(name="words_norm")(x), words)
    return keras.Model(words, x, name="encoder")


def looking_at(x: Any, states: Any, heads: int, name: str = "") -> Any:
    """Residual cross-attention from each position to the states of a caption (Rombach et al. 2022, §3.3).

    Args:
        x: `[batch, height, width, channels]` or `[batch, places, channels]`; channels are a multiple of the heads.
        states: `[batch, length, size]`.
        heads: of the attention.
        name: appended to the names of the layers.

    Returns:
        The shape of `x`.
    """
    *sizes, channels = x.shape[1:]
    places = x if len(sizes) == 1 else layers.Reshape((math.prod(sizes), channels), name=f"places{name}")(x)
    normalised = layers.RMSNormalization(name=f"places_norm{name}")(places)
    attention = MultiHeadAttention(channels, heads, name=f"to_words{name}", memory_width=states.shape[-1])
    seen, _ = attention(normalised, states)
    seen = seen if len(sizes) == 1 else layers.Reshape((*sizes, channels), name=f"seen{name}")(seen)
    return layers.Add(name=f"with_words{name}")([x, seen])


def spoken(vectors: Any, words: Any) -> Any:
    """Mask `[batch, length, 1]` of captions: 1 for words, 0 after the end, in the type of their vectors."""
    return ops.cast(ops.not_equal(words, 0), vectors.dtype)[..., None]


@keras.saving.register_keras_serializable(package="aigc_tf")
class OnlyWords(layers.Layer):
    """Set vectors `[batch, length, size]` to zero after the end of each caption, int32 `[batch, length]`, 0 there."""

    def call(self, vectors: Any, words: Any) -> Any:
        return vectors * spoken(vectors, words)

    def compute_output_spec(self, vectors: Any, words: Any) -> Any:
        return keras.KerasTensor(vectors.shape, vectors.dtype)


@keras.saving.register_keras_serializable(package="aigc_tf")
class MeanOfWords(layers.Layer):
    """The mean vector of the words of each caption, without the padding after its end."""

    def call(self, vectors: Any, words: Any) -> Any:
        """Vectors `[batch, length, size]`, and numbers int32 `[batch, length]`, 0 after the end -> `[batch, size]`."""
        said = spoken(vectors, words)
        return ops.sum(vectors * said, axis=1) / ops.maximum(ops.sum(said, axis=1), 1.0)

    def compute_output_spec(self, vectors: Any, words: Any) -> Any:
        return keras.KerasTensor((vectors.shape[0], vectors.shape[2]), vectors.dtype)


@keras.saving.register_keras_serializable(package="aigc_tf")
class LearnedPlaces(layers.Layer):
    """Adds a learned position embedding to each position (Dosovitskiy et al. 2021, eq. 1)."""

    def build(self, shape: Any) -> None:
        first = keras.initializers.RandomNormal(stddev=0.02)
        self.vectors = self.add_weight(shape=shape[1:], initializer=first, name="vectors")

    def call(self, x: Any) -> Any:
        """`[batch, places, width]` -> the same shape."""
        return x + self.vectors
