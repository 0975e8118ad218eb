"""Length regulation: expanding letters to frames by their durations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.recipes.speech import Speech


def frames_of_letters(
    encoded: Mapping[str, Any], mask: np.ndarray, recipe: Speech, frames: int | None = None, speed: float = 1.0
) -> dict[str, np.ndarray]:
    """The decoder's inputs for letters, with each letter repeated for its frames.

    Args:
        encoded: the encoder's outputs for letters: `states` `[batch, letters, width]`, `means` `[batch, letters,
            bands]` and `log_frames` `[batch, letters]`.
        mask: `[batch, letters]`, 1 for letters.
        recipe: with the maximum duration of a letter.
        frames: number of frames, to which longer texts are truncated; by default those of the longest text.
        speed: relative to the recordings.

    Returns:
        The decoder's inputs by name, float32: `states` `[batch, frames, width]`, `means` `[batch, frames, bands]`,
        `progress` and `mask` `[batch, frames]`; the mask is 0 after the last frame of a text.
    """
    spoken = np.exp(np.minimum(encoded["log_frames"], np.log(recipe.longest_letter * speed))) / speed
    counts = (np.maximum(np.round(spoken), 1) * mask).astype(np.int32)
    rows = [np.repeat(np.arange(len(row)), row)[:frames] for row in counts]
    places = np.full((len(rows), frames or max(map(len, rows))), -1, np.int32)
    for place, row in zip(places, rows, strict=True):
        place[: len(row)] = row
    told = decoder_inputs(encoded["states"], encoded["means"], tf.constant(places), tf.constant(counts))
    return {name: tensor.numpy() for name, tensor in told.items()}


def decoder_inputs(states: Any, means: Any, places: tf.Tensor, counts: tf.Tensor) -> dict[str, tf.Tensor]:
    """The decoder's inputs for each frame; see `frames_of_letters`.

    Args:
        states: `[batch, letters, width]`.
        means: `[batch, letters, bands]`.
        places: int32 `[batch, frames]`, the letter of each frame; -1 after the last.
        counts: int32 `[batch, letters]`, the frames of each letter.
    """
    chosen, heard = tf.maximum(places, 0), tf.cast(places >= 0, tf.float32)
    of_frames = [tf.gather(part, chosen, batch_dims=1) for part in (states, means)]
    return {"states": of_frames[0], "means": of_frames[1], "progress": progress(places, counts), "mask": heard}


def progress(places: tf.Tensor, counts: tf.Tensor) -> tf.Tensor:
    """Relative position of each frame in its letter, float32 `[batch, frames]` in [0, 1), 0 after the last.

    Args:
        places: int32 `[batch, frames]`, the letter of each frame; -1 after the last.
        counts: int32 `[batch, letters]`, the frames of each letter.
    """
    starts = tf.cumsum(counts, axis=1, exclusive=True)
    chosen = tf.maximum(tf.cast(places, tf.int32), 0)
    since = tf.range(tf.shape(chosen)[1]) - tf.gather(starts, chosen, batch_dims=1)
    share = tf.cast(since, tf.float32) / tf.cast(tf.maximum(tf.gather(counts, chosen, batch_dims=1), 1), tf.float32)
    return tf.where(places >= 0, share, 0.0)
