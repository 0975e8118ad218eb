"""Network inputs from windows of pieces, for training and evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.music.piece import BEHIND, HOLD, MAX_AGE, MAX_LEFT
from aigc_tf.families.music.networks import UNKNOWN, UNKNOWN_AGE
from aigc_tf.recipes.pieces import BAR


def encoder_inputs(batch: Mapping[str, Any]) -> dict[str, Any]:
    """Encoder inputs from a batch of `MusicSource.read`: cells that are not given are masked as unknown."""
    held, age, given = batch["held"][:, 1:], batch["age"][:, 1:], batch["given"]
    return {
        "held": tf.where(given, held, UNKNOWN),
        "age": tf.where(given, age, UNKNOWN_AGE),
        "place": batch["place"],
        "left": batch["left"],
    }


def cell_inputs(batch: Mapping[str, Any], memory: Any) -> dict[str, Any]:
    """Inputs of `sequence` for all cells of a batch, in order: `[batch, window * voices, ...]`.

    Args:
        batch: from `MusicSource.read`.
        memory: the encoder's output.
    """
    voices = batch["held"].shape[2]
    own, other = np.arange(voices)[:, None], np.arange(voices)
    is_new = other < own  # `[cell's voice, other voice]`: whether the other already has its note of the step

    def of_cells(before: Any, now: Any) -> Any:
        return flat(tf.where(is_new, now[:, :, None], before[:, :, None]))

    def of_steps(values: Any) -> Any:
        return tf.repeat(values, voices, axis=1)

    held, age = batch["held"], batch["age"]
    steps = tf.zeros_like(batch["place"])
    return {
        "held": of_cells(held[:, :-1], held[:, 1:]),
        "age": of_cells(tf.minimum(age[:, :-1] + 1, MAX_AGE), age[:, 1:]),
        "voice": flat(steps[:, :, None] + tf.range(voices)),
        "place": of_steps(batch["place"]),
        "left": of_steps(batch["left"]),
        "memory": of_steps(memory),
    }


def flat(values: Any) -> Any:
    """`[batch, window, voices, ...]` -> `[batch, window * voices, ...]`."""
    shape = tf.shape(values)
    return tf.reshape(values, tf.concat([shape[:1], [shape[1] * shape[2]], shape[3:]], axis=0))


def targets(batch: Mapping[str, Any]) -> tuple[Any, Any]:
    """The symbol of each cell, int32 `[batch, window * voices]`, and the mask of those to predict, bool."""
    held, age = batch["held"][:, 1:], batch["age"][:, 1:]
    real = tf.not_equal(batch["left"], BEHIND)[:, :, None]
    return flat(tf.where(tf.equal(age, 0), held, HOLD)), flat(tf.logical_and(real, tf.logical_not(batch["given"])))


def by_bars(notes: Any, bars: int) -> dict[str, Any]:
    """Excerpts as a batch of bars, with the entries of `MusicSource.read`, each with its preceding context.

    Args:
        notes: int32 `[batch, steps, voices, 2]`.
        bars: per excerpt.
    """
    batch, voices = tf.shape(notes)[0], notes.shape[2]
    before = tf.pad(notes, ((0, 0), (1, 0), (0, 0), (0, 0)))
    cut = tf.stack([before[:, at : at + BAR + 1] for at in range(0, bars * BAR, BAR)], axis=1)
    held, age = tf.unstack(tf.reshape(cut, (-1, BAR + 1, voices, 2)), axis=-1)
    steps = np.arange(bars * BAR, dtype="int32").reshape(bars, BAR)
    left = np.minimum(steps[::-1, ::-1], MAX_LEFT)
    return {
        "held": held,
        "age": age,
        "place": tf.tile(steps % BAR, (batch, 1)),
        "left": tf.tile(left, (batch, 1)),
        "given": tf.zeros_like(held[:, 1:], tf.bool),
    }
