"""A piece of music for several voices on a grid of sixteenth notes, and the numbers that stand for its notes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

HOLD = 0
"""A cell that goes on with what the voice has: a note or a rest."""
REST = 1
"""A cell in which a rest begins."""
FIRST = 2
"""The cell in which the lowest pitch begins; the pitches above it follow, a semitone each."""
LOWEST, HIGHEST = 21, 108
"""MIDI numbers of the pitches that have a symbol: those of a piano."""
SYMBOLS = FIRST + HIGHEST - LOWEST + 1
NOTHING = HOLD
"""What a voice has before its first cell; a pitch or a rest from then on, so that `HOLD` can stand for it."""
STEPS_A_QUARTER = 4
MAX_AGE = 31
"""Steps since a note began, of which more are not counted."""
MAX_BAR = 32
"""Steps of the longest bar: two bars of four quarters."""
PLACES = 3 * MAX_BAR
"""Numbers of places in bars; see `place_symbols`."""
MAX_LEFT = 31
"""Steps to the end of a piece, of which more are not counted."""
BEHIND = MAX_LEFT + 1
"""What stands for them in a step after the last."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Notes of several voices."""

    cells: np.ndarray
    """int16 `[steps, voices]`: `HOLD`, `REST` or the symbol of the pitch that begins. A first step holds nothing."""
    bar: int = 16
    """Steps in a bar."""
    pickup: int = 0
    """Steps before the first bar line; 0 where the piece begins with a bar."""
    tempo: float = 100.0
    """Quarter notes in a minute."""
    voices: tuple[str, ...] = ()
    """What the voices are called, from the highest down, as the file says; empty if it does not."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Piece):
            return NotImplemented
        same = (self.bar, self.pickup) == (other.bar, other.pickup)
        return same and bool(np.array_equal(self.cells, other.cells))

    def __hash__(self) -> int:
        return hash((self.cells.tobytes(), self.bar, self.pickup))

    @property
    def steps(self) -> int:
        """How long it is, in sixteenth notes."""
        return len(self.cells)

    @property
    def places(self) -> np.ndarray:
        """The place of each step in its bar, int32 `[steps]`, from 0."""
        return places_in_bars(self.steps, self.bar, self.pickup)

    @property
    def held(self) -> np.ndarray:
        """What sounds in each cell, int16 `[steps, voices]`; see `held`."""
        return held(self.cells)

    def part(self, start: int, steps: int) -> Piece:
        """At most so many steps of it; notes that began before are struck again."""
        cells = self.cells[start : start + steps].copy()
        if len(cells):
            cells[0] = self.held[start]
        pickup = (self.pickup - start) % self.bar
        return dataclasses.replace(self, cells=cells, pickup=pickup)

    def transposed(self, semitones: int) -> Piece:
        """All notes so many semitones higher.

        Raises:
            ValueError: a note would have no symbol.
        """
        cells = np.where(self.cells >= FIRST, self.cells + semitones, self.cells).astype(np.int16)
        notes = self.cells >= FIRST
        if notes.any() and not (cells[notes].min() >= FIRST and cells[notes].max() < SYMBOLS):
            raise ValueError(f"{semitones} semitones lead beyond the pitches that have a symbol")
        return dataclasses.replace(self, cells=cells)


def ending_on(piece: Piece, pitch_class: int) -> Piece:
    """A piece whose lowest voice ends on a pitch class: moved by at most six semitones where there are such pitches.

    Args:
        piece: one without notes in its lowest voice stays as it is.
        pitch_class: 0 for c, to 11.
    """
    bass = piece.cells[:, -1][piece.cells[:, -1] >= FIRST]
    if not len(bass):
        return piece
    up = int(pitch_class - pitch_of(bass[-1])) % 12
    notes = piece.cells[piece.cells >= FIRST]
    fits = [shift for shift in (up, up - 12) if notes.min() + shift >= FIRST and notes.max() + shift < SYMBOLS]
    return piece.transposed(min(fits, key=abs)) if fits else piece


def symbol_of(pitch: int | np.ndarray) -> int | np.ndarray:
    """The symbol of a MIDI number."""
    return pitch - LOWEST + FIRST


def pitch_of(symbol: int | np.ndarray) -> int | np.ndarray:
    """The MIDI number of a symbol that is a pitch."""
    return symbol - FIRST + LOWEST


def places_in_bars(steps: int, bar: int, pickup: int = 0) -> np.ndarray:
    """The place of each step in its bar, int32 `[steps]`."""
    return ((np.arange(steps) - pickup) % bar).astype(np.int32)


def place_symbols(places: np.ndarray, bar: int) -> np.ndarray:
    """Places in bars of one length as numbers below `PLACES`: bars of 12, of 16 and of other lengths differ."""
    return places + {16: 0, 12: 1}.get(bar, 2) * MAX_BAR


def held(cells: np.ndarray) -> np.ndarray:
    """What sounds in each cell of `[steps, voices]`: the symbol of a pitch, `REST`, or `NOTHING` before the first."""
    steps = np.arange(len(cells))[:, None]
    began = np.maximum.accumulate(np.where(cells != HOLD, steps, 0), axis=0)
    return np.take_along_axis(cells, began, axis=0)


def ages(cells: np.ndarray) -> np.ndarray:
    """Steps since what sounds in each cell of `[steps, voices]` began, 0 where it begins: int16, at most `MAX_AGE`."""
    steps = np.arange(len(cells))[:, None]
    began = np.maximum.accumulate(np.where(cells != HOLD, steps, 0), axis=0)
    return np.minimum(steps - began, MAX_AGE).astype(np.int16)


def notes_of(column: np.ndarray) -> list[tuple[int, int, int]]:
    """The notes of one voice, int `[steps]`: symbol, first step and length of each."""
    starts = np.flatnonzero(column != HOLD)
    lengths = np.diff([*starts, len(column)])
    return [
        (int(column[start]), int(start), int(length))
        for start, length in zip(starts, lengths, strict=True)
        if column[start] >= FIRST
    ]


def joined(pieces: Sequence[Piece], gap: int) -> Piece:
    """Pieces one after the other, with so many steps of rest between them."""
    first = pieces[0]
    rest = np.full((gap, first.cells.shape[1]), HOLD, np.int16)
    rest[:1] = REST
    parts = [part for piece in pieces for part in (piece.cells, rest)][:-1]
    return dataclasses.replace(first, cells=np.concatenate(parts))
