"""Polyphonic music for any instruments: read from MIDI files, shown as piano rolls, written as MIDI and audio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from aigc_tf.data.music.performance import DRUM_KIT, QUARTER, Note, Performance, read_performance, write_performance
from aigc_tf.modalities.audio import Clip
from aigc_tf.modalities.notes import Notes
from aigc_tf.modalities.synthesis import RATE, mixed
from aigc_tf.storage.files import write_atomically

_SEMITONE, _WIDTH, _HEIGHT = 3, 960, 88  # pixels; pitches of the roll, from a piano's lowest
_LOWEST = 21
_BAR, _WHITE, _DRUMS = 205, 255, (120, 120, 120)
_COLOURS = ((190, 40, 40), (40, 90, 190), (30, 140, 70), (120, 60, 150), (180, 110, 0), (0, 130, 140))
_GAP = 6  # pixels between pieces


class Performances(Notes):
    """Polyphonic pieces: `Performance` objects."""

    kind = Performance

    def read(self, path: Path) -> Performance:
        """Read a performance; see `aigc_tf.data.music.performance.read_performance`."""
        return read_performance(path)

    def write(self, path: Path, value: Performance, made_by: Mapping[str, str]) -> None:
        """Write a MIDI file with its provenance as text events."""
        write_atomically(path, partial(write_performance, performance=value, made_by=made_by))

    def joined(self, values: Sequence[Performance]) -> Performance:
        """Concatenate pieces, each starting at the bar line after the previous one's end, in the first one's tempo."""
        notes: list[Note] = []
        bars: list[int] = []
        for piece in values:
            start = sum(bars)
            notes += [note._replace(start=note.start + start) for note in piece.notes]
            bars += piece.bars
        return Performance(tuple(notes), tuple(bars), values[0].tempo)

    def sound(self, values: Sequence[Performance]) -> Clip:
        """Audio of pieces one after the other: all instruments sound alike, drums are left out."""
        parts = []
        for piece in values:
            step = 60 / piece.tempo / QUARTER
            notes = [(n.pitch, n.start * step, n.length * step) for n in piece.notes if n.instrument != DRUM_KIT]
            parts.append(mixed(notes, piece.end * step))
        return Clip(np.concatenate(parts).astype(np.float32), RATE)

    def show(self, values: Sequence[Performance], columns: int | None = None) -> np.ndarray:
        """Piano rolls of about the first 20 bars, one below the other, a colour for each instrument, drums in grey."""
        del columns
        gap = np.full((_GAP, _WIDTH, 3), _WHITE, np.uint8)
        return np.concatenate([part for piece in values for part in (gap, piano_roll(piece))] + [gap])


def piano_roll(piece: Performance) -> np.ndarray:
    """A piano roll, time to the right at a pixel per step, a piano's pitches upwards: uint8 `[height, width, 3]`."""
    image = np.full((_HEIGHT * _SEMITONE, _WIDTH, 3), _WHITE, np.uint8)
    for start in piece.starts:
        if start < _WIDTH:
            image[:, start] = _BAR
    for note in piece.notes:
        row = _LOWEST + _HEIGHT - 1 - note.pitch
        if 0 <= row < _HEIGHT:
            colour = _DRUMS if note.instrument == DRUM_KIT else _COLOURS[note.instrument % len(_COLOURS)]
            place = slice(note.start + 1, note.start + max(2, note.length))
            image[row * _SEMITONE : (row + 1) * _SEMITONE - 1, place] = colour
    return image
