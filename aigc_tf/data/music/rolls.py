"""Piano rolls for networks: steps by pitches, with two channels per voice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.music.piece import HOLD, REST, Piece, pitch_of, symbol_of
from aigc_tf.recipes.music_gan import MusicGAN
from aigc_tf.recipes.pieces import BAR

_MIDDLE = 0.5  # threshold above which a note sounds, or starts


def rolls_of(notes: Any, recipe: MusicGAN) -> Any:
    """Convert sounding symbols and ages to piano rolls in [-1, 1].

    Args:
        notes: int32 `[batch, steps, voices, 2]`; see `aigc_tf.data.music.excerpts.notes_of_pieces`.
        recipe: sets the lowest pitch and the number of pitches; notes outside the range are dropped.

    Returns:
        float32 `[batch, steps, pitches, 2 * voices]`: 1 where a voice sounds (its even channel), and where it starts a
        note (its odd channel), -1 elsewhere.
    """
    held, age = tf.unstack(notes, axis=-1)
    sounds = tf.one_hot(held - symbol_of(recipe.lowest), recipe.pitches)  # [batch, steps, voices, pitches]
    begins = sounds * tf.cast(age == 0, tf.float32)[..., None]
    both = tf.transpose(tf.stack([sounds, begins], axis=-1), (0, 1, 3, 2, 4))
    shape = (-1, recipe.music.steps, recipe.pitches, 2 * len(recipe.music.voices))
    return 2.0 * tf.reshape(both, shape) - 1.0


def pieces_of(rolls: np.ndarray, recipe: MusicGAN) -> list[Piece]:
    """Decode piano rolls: each voice has the brightest pitch of each step, or rests if none is above 0.5.

    A note starts where the pitch changes, and where the voice's other channel is above 0.5.

    Args:
        rolls: in [0, 1], `[count, steps, pitches, 2 * voices]`.
        recipe: the recipe of the rolls.
    """
    sounds, begins = rolls[..., ::2], rolls[..., 1::2]  # [count, steps, pitches, voices]
    best = sounds.argmax(axis=2)  # [count, steps, voices]
    chosen = best[:, :, None]
    is_rest = np.take_along_axis(sounds, chosen, axis=2)[:, :, 0] <= _MIDDLE
    again = np.take_along_axis(begins, chosen, axis=2)[:, :, 0] > _MIDDLE
    symbols = np.where(is_rest, REST, symbol_of(recipe.lowest) + best)
    is_new = again & ~is_rest
    is_new[:, 0] = True
    is_new[:, 1:] |= symbols[:, 1:] != symbols[:, :-1]
    cells = np.where(is_new, symbols, HOLD).astype(np.int16)
    return [Piece(each, BAR, voices=recipe.music.voices) for each in cells]


def left_out(pieces: Sequence[Piece], recipe: MusicGAN) -> list[str]:
    """A note on dropped notes outside the range of rolls, if there are any."""
    symbols = np.concatenate([piece.cells[piece.cells > REST] for piece in pieces])
    pitches, highest = np.asarray(pitch_of(symbols)), recipe.lowest + recipe.pitches - 1
    outside = int(((pitches < recipe.lowest) | (pitches > highest)).sum())
    if not outside:
        return []
    return [
        f"left out: {outside:,} of {len(pitches):,} notes, {outside / len(pitches):.1%}, beyond the pitches "
        f"{recipe.lowest} to {highest} of the rolls (lowest, pitches)"
    ]
