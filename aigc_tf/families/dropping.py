"""Word dropout: random words are replaced by the unknown symbol in training."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.data.text.vocabulary import BOUNDARY, UNKNOWN


def with_unknown(words: tf.Tensor, share: float, seed: keras.random.SeedGenerator) -> tf.Tensor:
    """Symbols int32 `[batch, time]` with a random share replaced by the unknown one; boundaries are kept."""
    is_dropped = keras.random.uniform(ops.shape(words), seed=seed) < share
    return ops.where(ops.logical_and(is_dropped, words > BOUNDARY), UNKNOWN, words)
