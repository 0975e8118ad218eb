"""Sampling of frames from a mixture of logistic distributions over 256 levels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LEVELS = 255  # steps from the darkest to the brightest
SILENCE = -1.0
"""The value of the bands before the first frame, in [-1, 1]."""


def to_levels(frames: np.ndarray) -> np.ndarray:
    """The nearest of 256 levels in [-1, 1], float32 of the same shape."""
    steps = np.round((np.clip(frames, -1, 1) + 1) * (LEVELS / 2))
    return (steps * (2 / LEVELS) - 1).astype(np.float32)


def draw_frame(
    weights: np.ndarray,
    means: np.ndarray,
    log_scales: np.ndarray,
    uniform: np.ndarray,
    temperature: float = 1.0,
    noise: float = 1.0,
) -> np.ndarray:
    """Sample a frame for each row: its component from the first uniform number, its bands' noise from the others.

    Args:
        weights: log-odds of the components, `[rows, components]`.
        means: of the bands, `[rows, bands, components]`, in [-1, 1].
        log_scales: the same shape; logarithms of the scales of logistic distributions.
        uniform: in (0, 1), `[rows, 1 + bands]`.
        temperature: see `aigc_tf.recipes.sound_ar.FrameDrawing`.
        noise: the same.

    Returns:
        float32 `[rows, bands]`, levels in [-1, 1].
    """
    rows, chosen = np.arange(len(weights)), weights.argmax(axis=1)
    if temperature:
        odds = np.exp((weights - weights.max(axis=1, keepdims=True)).astype(np.float64) / temperature)
        cumulative = np.cumsum(odds, axis=1)
        chosen = (cumulative <= uniform[:, :1] * cumulative[:, -1:]).sum(axis=1)
    quantiles = np.log(uniform[:, 1:]) - np.log1p(-uniform[:, 1:])
    return to_levels(means[rows, :, chosen] + noise * np.exp(log_scales[rows, :, chosen]) * quantiles)


def uniforms(streams: Sequence[np.random.Generator], bands: int) -> np.ndarray:
    """Uniform numbers in (0, 1) for one frame per row, float64 `[rows, 1 + bands]`, each row with its own generator."""
    tiny = np.finfo(np.float64).tiny
    return np.stack([np.maximum(stream.random(1 + bands), tiny) for stream in streams])
