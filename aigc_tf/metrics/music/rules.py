"""Statistics of polyphonic pieces: rules of four-part writing, histograms, copied spans."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from aigc_tf.data.music.piece import FIRST, HOLD, STEPS_A_QUARTER, Piece, notes_of

_OCTAVE = 12
_LEAP = 12  # semitones of a melodic step; larger ones are clipped
_LONGEST = 16  # steps of a note, likewise


def per_hundred_quarters(count: int, pieces: Sequence[Piece]) -> float:
    """A total count over all pieces, per hundred quarters."""
    return 100 * count * STEPS_A_QUARTER / sum(piece.steps for piece in pieces)


def crossings(piece: Piece) -> float:
    """The share of steps in which a voice is below a lower one."""
    held = piece.held.astype(int)
    crossed = np.zeros(len(held), bool)
    for upper, lower in itertools.combinations(range(held.shape[1]), 2):
        sound = (held[:, upper] >= FIRST) & (held[:, lower] >= FIRST)
        crossed |= sound & (held[:, upper] < held[:, lower])
    return float(crossed.mean())


def out_of_range(piece: Piece, ranges: np.ndarray) -> float:
    """The share of notes outside the lowest and highest symbol of their voice, `[voices, 2]`; 0 without notes."""
    notes = piece.cells >= FIRST
    outside = notes & ((piece.cells < ranges[:, 0]) | (piece.cells > ranges[:, 1]))
    return float(outside.sum() / max(1, notes.sum()))


def pitch_classes(pieces: Sequence[Piece]) -> np.ndarray:
    """How often each pitch class sounds, counted from the last note of the lowest voice: float64 `[12]`, sum 1."""
    counts = np.zeros(12)
    for piece in pieces:
        held = piece.held
        bass = held[:, -1][held[:, -1] >= FIRST]
        if len(bass):
            counts += np.bincount((held[held >= FIRST] - bass[-1]) % 12, minlength=12)
    return counts / max(1, counts.sum())


def melodic_intervals(pieces: Sequence[Piece]) -> np.ndarray:
    """How often a voice moves by each interval, from an octave down to an octave up: float64 `[25]`, sum 1."""
    counts = np.zeros(2 * _LEAP + 1)
    for piece in pieces:
        for column in piece.cells.T:
            notes = column[column >= FIRST].astype(int)
            counts += np.bincount(np.clip(np.diff(notes), -_LEAP, _LEAP) + _LEAP, minlength=len(counts))
    return counts / max(1, counts.sum())


def harmonic_intervals(pieces: Sequence[Piece]) -> np.ndarray:
    """How often neighbouring voices sound each interval, within the octave: float64 `[12]`, sum 1."""
    counts = np.zeros(_OCTAVE)
    for piece in pieces:
        held = piece.held.astype(int)
        sound = (held[:, 1:] >= FIRST) & (held[:, :-1] >= FIRST)
        counts += np.bincount((held[:, :-1] - held[:, 1:])[sound] % _OCTAVE, minlength=_OCTAVE)
    return counts / max(1, counts.sum())


def note_lengths(pieces: Sequence[Piece]) -> np.ndarray:
    """Histogram of note lengths in sixteenths, from 1 to 16 and more: float64 `[16]`, sum 1."""
    lengths = [length for piece in pieces for column in piece.cells.T for _, _, length in notes_of(column)]
    counts = np.bincount(np.minimum(lengths, _LONGEST) - 1, minlength=_LONGEST) if lengths else np.zeros(_LONGEST)
    return counts / max(1, counts.sum())


HISTOGRAMS = {
    "pitch_class": pitch_classes,
    "interval": melodic_intervals,
    "harmony": harmonic_intervals,
    "length": note_lengths,
}
"""Histograms by the names of their figures."""


def divergence(first: np.ndarray, second: np.ndarray) -> float:
    """The Jensen-Shannon divergence of two histograms, in nats: from 0 to log 2."""
    middle = (first + second) / 2

    def from_middle(histogram: np.ndarray) -> float:
        some = histogram > 0
        return float((histogram[some] * np.log(histogram[some] / middle[some])).sum())

    return (from_middle(first) + from_middle(second)) / 2


class Spans:
    """Finds the longest spans that pieces have in common with known ones, in any key.

    Args:
        known: the pieces of the training part.
    """

    def __init__(self, known: Sequence[Piece]) -> None:
        self._known = [_changes(piece) for piece in known]
        self._passages: dict[int, set[bytes]] = {}

    def longest(self, piece: Piece) -> int:
        """Length in sixteenth notes of a piece's longest span, in all voices, that is in a known piece; 0 if none."""
        changes = _changes(piece)
        low, high = 0, len(changes)
        while low < high:
            middle = (low + high + 1) // 2
            known = self._of_length(middle)
            if any(changes[at : at + middle].tobytes() in known for at in range(len(changes) - middle + 1)):
                low = middle
            else:
                high = middle - 1
        return low

    def _of_length(self, length: int) -> set[bytes]:
        if length not in self._passages:
            self._passages[length] = {
                changes[at : at + length].tobytes()
                for changes in self._known
                for at in range(len(changes) - length + 1)
            }
        return self._passages[length]


def _changes(piece: Piece) -> np.ndarray:
    """The change of each voice in each step but the first, holding or moving: int16 `[steps - 1, voices]`."""
    moved = np.diff(piece.held.astype(np.int16), axis=0)
    return np.ascontiguousarray(np.where(piece.cells[1:] == HOLD, 999, moved).astype(np.int16))
