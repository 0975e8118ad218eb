"""Multi-voice pieces on a grid of sixteenth notes, and the symbols that encode their notes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

HOLD = 0
"""A cell that continues the voice's note or rest."""
REST = 1
"""A cell in which a rest starts."""
FIRST = 2
"""The cell in which the lowest pitch starts; higher pitches follow, one per semitone."""
LOWEST, HIGHEST = 21, 108
"""MIDI numbers with a symbol: the range of a piano."""
SYMBOLS = FIRST + HIGHEST - LOWEST + 1
NOTHING = HOLD
"""The state of a voice before its first cell; afterwards it has a pitch or a rest, which `HOLD` continues."""
STEPS_A_QUARTER = 4
MAX_AGE = 31
"""Maximum age of a note in steps; larger ones are clipped."""
MAX_BAR = 32
"""Maximum bar length in steps: two bars in four-four time."""
PLACES = 3 * MAX_BAR
"""Number of symbols for positions in bars; see `place_symbols`."""
MAX_LEFT = 31
"""Maximum number of steps to the end of a piece; larger ones are clipped."""
BEHIND = MAX_LEFT + 1
"""The value of that after the last step."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Notes for several voices."""

    cells: np.ndarray
    """int16 `[steps, voices]`: `HOLD`, `REST` or the symbol of a pitch that starts. The first step has no `HOLD`."""
    bar: int = 16
    """Bar length in steps."""
    pickup: int = 0
    """Steps before the first bar line; 0 if the piece starts with a bar."""
    tempo: float = 100.0
    """Quarters per minute."""
    voices: tuple[str, ...] = ()
    """Voice names from the highest down, from the file; empty if it has none."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Piece):
            return NotImplemented
        same = (self.bar, self.pickup) == (other.bar, other.pickup)
        return same and bool(np.array_equal(self.cells, other.cells))

    def __hash__(self) -> int:
        return hash((self.cells.tobytes(), self.bar, self.pickup))

    @property
    def steps(self) -> int:
        """Length in sixteenth notes."""
        return len(self.cells)

    @property
    def places(self) -> np.ndarray:
        """The position of each step in its bar, int32 `[steps]`, from 0."""
        return places_in_bars(self.steps, self.bar, self.pickup)

    @property
    def held(self) -> np.ndarray:
        """The sounding symbol in each cell, int16 `[steps, voices]`; see `held`."""
        return held(self.cells)

    def part(self, start: int, steps: int) -> Piece:
        """At most `steps` steps from `start`; notes that started earlier are struck again."""
        cells = self.cells[start : start + steps].copy()
        if len(cells):
            cells[0] = self.held[start]
        pickup = (self.pickup - start) % self.bar
        return dataclasses.replace(self, cells=cells, pickup=pickup)

    def transposed(self, semitones: int) -> Piece:
        """Transpose all notes up by `semitones`.

        Raises:
            ValueError: a note would have no symbol.
        """
        cells = np.where(self.cells >= FIRST, self.cells + semitones, self.cells).astype(np.int16)
        notes = self.cells >= FIRST
        if notes.any() and not (cells[notes].min() >= FIRST and cells[notes].max() < SYMBOLS):
            raise ValueError(f"{semitones} semitones lead beyond the pitches that have a token")
        return dataclasses.replace(self, cells=cells)


def ending_on(piece: Piece, pitch_class: int) -> Piece:
    """Transpose a piece so that its lowest voice ends on a pitch class, by at most six semitones, where pitches allow.

    Args:
        piece: returned unchanged if its lowest voice has no notes.
        pitch_class: 0 for C, to 11.
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
    """The position of each step in its bar, int32 `[steps]`."""
    return ((np.arange(steps) - pickup) % bar).astype(np.int32)


def place_symbols(places: np.ndarray, bar: int) -> np.ndarray:
    """Encode positions in bars of one length as numbers below `PLACES`: bars of 12, 16 and other lengths differ."""
    return places + {16: 0, 12: 1}.get(bar, 2) * MAX_BAR


def held(cells: np.ndarray) -> np.ndarray:
    """The sounding symbol in each cell of `[steps, voices]`: a pitch, `REST`, or `NOTHING` before the first."""
    steps = np.arange(len(cells))[:, None]
    began = np.maximum.accumulate(np.where(cells != HOLD, steps, 0), axis=0)
    return np.take_along_axis(cells, began, axis=0)


def ages(cells: np.ndarray) -> np.ndarray:
    """Age in steps of the note or rest in each cell of `[steps, voices]`, 0 at its start: int16, at most `MAX_AGE`."""
    steps = np.arange(len(cells))[:, None]
    began = np.maximum.accumulate(np.where(cells != HOLD, steps, 0), axis=0)
    return np.minimum(steps - began, MAX_AGE).astype(np.int16)


def notes_of(column: np.ndarray) -> list[tuple[int, int, int]]:
    """The notes of one voice, int `[steps]`: symbol, first step and duration of each."""
    starts = np.flatnonzero(column != HOLD)
    lengths = np.diff([*starts, len(column)])
    return [
        (int(column[start]), int(start), int(length))
        for start, length in zip(starts, lengths, strict=True)
        if column[start] >= FIRST
    ]


def joined(pieces: Sequence[Piece], gap: int) -> Piece:
    """Concatenate pieces with `gap` steps of rest between them."""
    first = pieces[0]
    rest = np.full((gap, first.cells.shape[1]), HOLD, np.int16)
    rest[:1] = REST
    parts = [part for piece in pieces for part in (piece.cells, rest)][:-1]
    return dataclasses.replace(first, cells=np.concatenate(parts))
