"""How a note is drawn from logits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aigc_tf.data.music.piece import HOLD
from aigc_tf.recipes.pieces import Choice


class Chooser:
    """Draws the symbols of cells, each row from a stream of its own.

    Args:
        choice: temperature, and what is left out.
        streams: uniform numbers, one a cell.
    """

    def __init__(self, choice: Choice, streams: Sequence[np.random.Generator]) -> None:
        self.choice, self.streams = choice, streams

    def __call__(self, logits: np.ndarray, step: int, voice: int) -> np.ndarray:
        """Logits `[rows, symbols]` -> symbols int64 `[rows]`; in the first step there is nothing to hold."""
        uniform = np.array([stream.random() for stream in self.streams])
        logits = logits.astype(np.float64)
        if step == 0:
            logits[:, HOLD] = -np.inf
        return choose(logits, self.choice, uniform)


def choose(logits: np.ndarray, choice: Choice, uniform: np.ndarray) -> np.ndarray:
    """The symbol of each row, int64 `[rows]`, by uniform numbers in [0, 1) `[rows]`."""
    if choice.temperature == 0:
        return logits.argmax(axis=-1)
    weights = np.exp((logits - logits.max(axis=-1, keepdims=True)) / choice.temperature)
    if choice.top_p < 1:
        weights = _nucleus(weights, choice.top_p)
    cumulative = np.cumsum(weights, axis=-1)
    return np.asarray((cumulative <= uniform[:, None] * cumulative[:, -1:]).sum(axis=-1))


def _nucleus(weights: np.ndarray, share: float) -> np.ndarray:
    """Weights with all but the largest that together have this share at 0."""
    order = np.argsort(-weights, axis=-1, kind="stable")
    ordered = np.take_along_axis(weights, order, axis=-1)
    before = np.cumsum(ordered, axis=-1) - ordered
    kept = np.zeros(weights.shape, bool)
    np.put_along_axis(kept, order, before < share * weights.sum(axis=-1, keepdims=True), axis=-1)
    return np.where(kept, weights, 0.0)
