"""Music for several voices: read from MIDI files, shown as piano rolls, written as MIDI and audio."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from aigc_tf.data.music.midi import read_piece, write_midi
from aigc_tf.data.music.piece import FIRST, HOLD, SYMBOLS, Piece, joined, notes_of
from aigc_tf.errors import UnreadableError
from aigc_tf.modalities.audio import Clip
from aigc_tf.modalities.notes import Notes
from aigc_tf.modalities.synthesis import RATE, synthesise
from aigc_tf.recipes.pieces import ExcerptSettings
from aigc_tf.storage.files import write_atomically

_COLOURS = ((190, 40, 40), (40, 90, 190), (30, 140, 70), (120, 60, 150), (180, 110, 0))
_WHITE, _BAR, _QUARTER, _OCTAVE, _EDGE = 255, 150, 228, 205, 120  # greys
_STEP, _SEMITONE = 4, 4  # pixels
_SHOWN = 256  # steps
_MARGIN = 2  # semitones above and below
_GAP = 6  # pixels between pieces


class Scores(Notes):
    """Multi-voice pieces: `Piece` objects, with notes on a grid of sixteenth notes.

    Args:
        voices: names of the voices, from the highest down.
    """

    kind = Piece

    def __init__(self, voices: Sequence[str]) -> None:
        self.voices = tuple(voices)

    def read(self, path: Path) -> Piece:
        """Read a piece with at most as many parts as there are voices; see `aigc_tf.data.music.midi.read_piece`."""
        return read_piece(path, self.voices)

    def strange(self, values: Sequence[Piece], seed: int) -> list[Piece]:
        """In turn: random notes, reversed, transposed by an octave, all voices on one note."""
        random = np.random.default_rng(seed)
        return [_strange(piece, number % 4, random) for number, piece in enumerate(values)]

    def write(self, path: Path, value: Piece, made_by: Mapping[str, str]) -> None:
        """Write a MIDI file with its provenance as text events."""
        write_atomically(path, partial(self._midi, piece=value, made_by=made_by))

    def _midi(self, file: Any, piece: Piece, made_by: Mapping[str, str]) -> None:
        voices = piece.voices if len(piece.voices) == piece.cells.shape[1] else self.voices[: piece.cells.shape[1]]
        write_midi(file, piece, voices, made_by)

    def joined(self, values: Sequence[Piece]) -> Piece:
        """Concatenate pieces with a bar of rest between them."""
        return joined(values, values[0].bar)

    def sound(self, values: Sequence[Piece]) -> Clip:
        """Audio of pieces one after the other, a bar apart."""
        return Clip(synthesise(self.joined(values)).astype(np.float32), RATE)

    def show(self, values: Sequence[Piece], columns: int | None = None) -> np.ndarray:
        """Piano rolls of the first 16 bars of each piece, one below the other, with a colour for each voice.

        Vertical lines are bars and quarters, horizontal ones are the notes C.
        """
        columns = columns or 1
        rolls = [piano_roll(piece) for piece in values]
        rows = [rolls[at : at + columns] for at in range(0, len(rolls), columns)]
        height = sum(max(roll.shape[0] for roll in row) + _GAP for row in rows) + _GAP
        width = max(sum(roll.shape[1] + _GAP for roll in row) for row in rows) + _GAP
        sheet = np.full((height, width, 3), _WHITE, np.uint8)
        top = _GAP
        for row in rows:
            left = _GAP
            for roll in row:
                sheet[top : top + roll.shape[0], left : left + roll.shape[1]] = roll
                left += roll.shape[1] + _GAP
            top += max(roll.shape[0] for roll in row) + _GAP
        return sheet


class Excerpts(Scores):
    """`Piece` objects with all voices and a fixed length: the beginnings of files.

    Args:
        settings: voices and number of bars.
    """

    name = "excerpts of music"

    def __init__(self, settings: ExcerptSettings) -> None:
        super().__init__(settings.voices)
        self.steps = settings.steps

    def read(self, path: Path) -> Piece:
        """Read the first bars of a piece that has all voices, from its first bar line.

        Raises:
            UnreadableError: it lacks voices, or is shorter.
        """
        piece = super().read(path)
        if piece.cells.shape[1] < len(self.voices):
            raise UnreadableError(f"has {piece.cells.shape[1]} of {len(self.voices)} voices, and all are needed")
        steps = piece.steps - piece.pickup
        if steps < self.steps:
            raise UnreadableError(f"lasts {steps} sixteenth notes from its first bar on, and {self.steps} are needed")
        return piece.part(piece.pickup, self.steps)

    def numbers(self, values: Sequence[Piece]) -> np.ndarray:
        """Each cell's symbol as a share of the highest symbol: float64 `[count, steps, voices]`."""
        return np.stack([piece.held for piece in values]) / SYMBOLS


def piano_roll(piece: Piece) -> np.ndarray:
    """A piano roll, time to the right and pitch upwards, with a colour for each voice: uint8 `[height, width, 3]`."""
    piece = piece.part(0, _SHOWN)
    notes = piece.cells[piece.cells >= FIRST]
    low, high = (int(notes.min()), int(notes.max())) if len(notes) else (FIRST, FIRST + 12)
    low, high = low - _MARGIN, high + _MARGIN
    image = np.full(((high - low + 1) * _SEMITONE, piece.steps * _STEP, 3), _WHITE, np.uint8)
    for pitch in range(low, high + 1):
        if (pitch - FIRST + 9) % 12 == 0:  # the lowest symbol is an a
            image[(high - pitch + 1) * _SEMITONE - 1] = _OCTAVE
    for step, place in enumerate(piece.places):
        if place % 4 == 0:
            image[:, step * _STEP] = _BAR if place == 0 else _QUARTER
    for voice in reversed(range(piece.cells.shape[1])):
        for symbol, start, length in notes_of(piece.cells[:, voice]):
            top, left = (high - symbol) * _SEMITONE, start * _STEP
            image[top : top + _SEMITONE - 1, left + 1 : left + length * _STEP] = _COLOURS[voice % len(_COLOURS)]
            image[top : top + _SEMITONE - 1, left] = _EDGE
    return image


def _strange(piece: Piece, kind: int, random: np.random.Generator) -> Piece:
    cells = piece.cells.copy()
    notes = cells >= FIRST
    low, high = (int(cells[notes].min()), int(cells[notes].max())) if notes.any() else (FIRST, FIRST + 1)
    if kind == 0:
        cells = random.integers(low, high + 1, cells.shape).astype(np.int16)
    elif kind == 1:
        cells = np.where(random.random(cells.shape) < 0.5, piece.held[::-1], HOLD).astype(np.int16)
        cells[0] = piece.held[-1]
    elif kind == 2:
        shift = 12 if high + 12 < FIRST + 88 else -min(12, low - FIRST)
        return piece.transposed(shift)
    else:
        cells[:] = np.where(notes, high, cells)
    return dataclasses.replace(piece, cells=cells)
