"""Words that a training step takes for unknown, so that a model learns to do without some."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.data.text.vocabulary import BOUNDARY, UNKNOWN


def with_unknown(words: tf.Tensor, share: float, seed: keras.random.SeedGenerator) -> tf.Tensor:
    """Symbols int32 `[batch, time]` of which a share is replaced by the unknown one; boundaries stay."""
    is_dropped = keras.random.uniform(ops.shape(words), seed=seed) < share
    return ops.where(ops.logical_and(is_dropped, words > BOUNDARY), UNKNOWN, words)
