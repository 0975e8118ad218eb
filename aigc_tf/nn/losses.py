"""Losses as pure functions; each names its paper and equation."""

from __future__ import annotations

import keras
from keras import ops


def next_symbol_nats(logits: keras.KerasTensor, targets: keras.KerasTensor) -> keras.KerasTensor:
    """-log softmax(logits)[target], the cross-entropy of the next symbol, in nats.

    Args:
        logits: `[..., symbols]`.
        targets: int32 `[...]`.

    Returns:
        `[...]`.
    """
    return ops.sparse_categorical_crossentropy(targets, logits, from_logits=True)
