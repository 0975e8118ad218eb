"""Monotonic alignment search: the likeliest monotonic assignment of sound frames to symbols."""

from __future__ import annotations

import tensorflow as tf

_NEVER = -1e9


@tf.function(reduce_retracing=True)
def monotonic_alignment(scores: tf.Tensor, symbols: tf.Tensor, frames: tf.Tensor) -> tf.Tensor:
    """The monotonic alignment a that maximises Σ_t scores[a_t, t] and covers all symbols from first to last.

    Kim et al. 2020, "Glow-TTS", algorithm 1: Q[i, t] = scores[i, t] + max(Q[i, t - 1], Q[i - 1, t - 1]).

    Args:
        scores: float32 `[batch, symbols, frames]`, how well a frame matches a symbol.
        symbols: int32 `[batch]`, how many each row has, at least 1 and at most as many as frames.
        frames: int32 `[batch]`, how many each row has.

    Returns:
        int32 `[batch, frames]`, the symbol of each frame; -1 after the last frame.
    """
    batch, width, length = tf.unstack(tf.shape(scores))
    rows = tf.range(batch)
    best = tf.concat([scores[:, :1, 0], tf.fill((batch, width - 1), _NEVER)], axis=1)
    stepped = tf.TensorArray(tf.bool, length, element_shape=(None, None))
    for time in tf.range(1, length):
        before = tf.concat([tf.fill((batch, 1), _NEVER), best[:, :-1]], axis=1)
        stepped = stepped.write(time, before > best)
        best = tf.maximum(best, before) + scores[:, :, time]
    came = stepped.write(0, tf.zeros((batch, width), tf.bool)).stack()  # [frames, batch, symbols]: from the one before
    place = symbols - 1
    found = tf.TensorArray(tf.int32, length, element_shape=(None,))
    for back in tf.range(length):
        time = length - 1 - back
        inside = time < frames
        found = found.write(time, tf.where(inside, place, -1))
        moves = tf.gather_nd(came[time], tf.stack([rows, place], axis=1))
        place = tf.where(inside & moves, place - 1, place)
    return tf.transpose(found.stack())


def durations(places: tf.Tensor, symbols: int | tf.Tensor) -> tf.Tensor:
    """Frames per symbol, int32 `[batch, symbols]`, of an alignment `[batch, frames]` (-1 is not counted)."""
    return tf.reduce_sum(tf.one_hot(places, symbols, dtype=tf.int32), axis=1)
