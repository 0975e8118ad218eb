"""Held-out likelihood of autoregressive models of sound frames, compared with baselines without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from aigc_tf.families.sound.drawing import LEVELS
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.held_out import held_out_loss
from aigc_tf.recipes.sound_ar import SoundAR as SoundARRecipe

if TYPE_CHECKING:
    from aigc_tf.data.sound.source import SoundSource
    from aigc_tf.families.sound.model import SoundAR

BANDS, BEFORE = "levels of each band", "changes of each band from the frame before"
MAX_WINDOWS = 1000


class HeldOutFrames(Evaluator):
    """The negative log-likelihood of recordings of the part.

    nats_per_frame: -log p of the 256 levels of all bands of a frame together, given the frames before it; lower is
    better. It is compared with frequencies of levels in each band of the training part, and of the changes from the
    previous frame, both with add-one smoothing.
    """

    def measure(self, model: SoundAR, source: SoundSource, recipe: SoundARRecipe, request: Request) -> Measurement:
        """Measured on at most 1,000 windows of the part; see `Evaluator.measure`."""
        count = min(request.samples, MAX_WINDOWS)
        train, part = (
            np.concatenate([levels_of(batch["image"]) for batch in batches])
            for batches in (source.held_out("train", source.count), source.held_out(request.part, count))
        )
        beside = {
            BANDS: nats_of_counts(train, part, LEVELS + 1),
            BEFORE: nats_of_counts(changes(train), changes(part), 2 * LEVELS + 1),
        }
        value = held_out_loss(model, source, count, request.part)
        figure = Figure(value, "lower", {name: nats.sum(axis=-1).mean() for name, nats in beside.items()})
        return Measurement({"nats_per_frame": figure}, {"windows": len(part), "bands": recipe.sound.bands})


def levels_of(images: np.ndarray) -> np.ndarray:
    """Levels of spectrograms `[count, bands, frames, 1]` in [-1, 1]: int64 `[count, frames, bands]` in [0, 255]."""
    return np.round((images[..., 0].transpose(0, 2, 1) + 1) * (LEVELS / 2)).astype(np.int64)


def changes(levels: np.ndarray) -> np.ndarray:
    """Difference of each level from the previous frame, or from silence: from -255 on, as non-negative ids."""
    return np.diff(levels, axis=1, prepend=0) + LEVELS


def nats_of_counts(train: np.ndarray, part: np.ndarray, kinds: int) -> np.ndarray:
    """-log of the training frequency, by band, of a part's values: float64 `[count, frames, bands]`.

    Args:
        train: numbers from 0, `[count, frames, bands]`.
        part: the same.
        kinds: number of different values.
    """
    nats = np.empty(part.shape)
    for band in range(train.shape[-1]):
        counts = np.bincount(train[..., band].ravel(), minlength=kinds) + 1
        nats[..., band] = -np.log(counts / counts.sum())[part[..., band]]
    return nats
