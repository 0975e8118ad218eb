"""A small additive synthesiser, to listen to generated music."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from aigc_tf.data.music.piece import STEPS_A_QUARTER, Piece, notes_of, pitch_of

RATE = 16_000
"""Sample rate of the files written, in Hz."""
PARTIALS = (1.0, 0.5, 0.33, 0.2, 0.12, 0.08)
"""Amplitudes of a note's partials from the fundamental up, like a soft organ pipe."""
_RISE, _FALL = 0.02, 0.08  # attack and release of a note, in seconds
_DECAY = 2.5  # time constant of the decay of a held note, in seconds
_PEAK = 0.9


def frequency(pitch: int) -> float:
    """Frequency of a MIDI note number in hertz, in equal temperament with A at 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))


def tone(pitch: int, seconds: float, rate: int = RATE) -> np.ndarray:
    """One note: sines at the harmonics below half the sample rate, float64 `[samples]`."""
    times = np.arange(round((seconds + _FALL) * rate)) / rate
    base = frequency(pitch)
    sound = np.zeros(len(times))
    for number, amplitude in enumerate(PARTIALS, start=1):
        if number * base < rate / 2:
            sound += amplitude * np.sin(2 * np.pi * number * base * times)
    envelope = np.minimum(times / _RISE, 1) * np.clip((seconds + _FALL - times) / _FALL, 0, 1)
    return np.asarray(sound * envelope * np.exp(-times / _DECAY))


def mixed(notes: Iterable[tuple[int, float, float]], seconds: float, rate: int = RATE) -> np.ndarray:
    """Mix notes, float64 `[samples]` in [-0.9, 0.9]; silence stays silence.

    Args:
        notes: MIDI number, start and length in seconds of each.
        seconds: total length; notes that last longer are cut.
        rate: sample rate in Hz.
    """
    sound = np.zeros(round((seconds + _FALL) * rate) + 1)
    for pitch, start, length in notes:
        note = tone(pitch, length, rate)
        at = round(start * rate)
        sound[at : at + len(note)] += note[: len(sound) - at]
    loudest = np.abs(sound).max(initial=0)
    return sound * (_PEAK / loudest) if loudest else sound


def synthesise(piece: Piece, rate: int = RATE) -> np.ndarray:
    """Synthesise all voices; see `mixed`."""
    step = 60 / piece.tempo / STEPS_A_QUARTER
    notes = [
        (int(pitch_of(symbol)), start * step, length * step)
        for column in piece.cells.T
        for symbol, start, length in notes_of(column)
    ]
    return mixed(notes, piece.steps * step, rate)
