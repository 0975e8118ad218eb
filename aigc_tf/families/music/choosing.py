"""Sampling of notes from logits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aigc_tf.data.music.piece import HOLD
from aigc_tf.recipes.pieces import Choice


class Chooser:
    """Samples the symbols of cells, each row with its own random generator.

    Args:
        choice: temperature and truncation.
        streams: random generators, one uniform number per cell.
    """

    def __init__(self, choice: Choice, streams: Sequence[np.random.Generator]) -> None:
        self.choice, self.streams = choice, streams

    def __call__(self, logits: np.ndarray, step: int, voice: int) -> np.ndarray:
        """Logits `[rows, symbols]` -> symbols int64 `[rows]`; in the first step, holding is excluded."""
        uniform = np.array([stream.random() for stream in self.streams])
        logits = logits.astype(np.float64)
        if step == 0:
            logits[:, HOLD] = -np.inf
        return choose(logits, self.choice, uniform)


def choose(logits: np.ndarray, choice: Choice, uniform: np.ndarray) -> np.ndarray:
    """Sample the symbol of each row, int64 `[rows]`, from uniform numbers in [0, 1) `[rows]`."""
    if choice.temperature == 0:
        return logits.argmax(axis=-1)
    weights = np.exp((logits - logits.max(axis=-1, keepdims=True)) / choice.temperature)
    if choice.top_p < 1:
        weights = _nucleus(weights, choice.top_p)
    cumulative = np.cumsum(weights, axis=-1)
    return np.asarray((cumulative <= uniform[:, None] * cumulative[:, -1:]).sum(axis=-1))


def _nucleus(weights: np.ndarray, share: float) -> np.ndarray:
    """Top-p truncation: all weights are set to 0 but the largest that together have this share."""
    order = np.argsort(-weights, axis=-1, kind="stable")
    ordered = np.take_along_axis(weights, order, axis=-1)
    before = np.cumsum(ordered, axis=-1) - ordered
    kept = np.zeros(weights.shape, bool)
    np.put_along_axis(kept, order, before < share * weights.sum(axis=-1, keepdims=True), axis=-1)
    return np.where(kept, weights, 0.0)
