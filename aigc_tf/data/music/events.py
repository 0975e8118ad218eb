"""Music as event tokens: bars, positions, instruments, pitches, durations (after REMI, Huang & Yang 2020).

`tempo96 bar48 at0 piano p60 d12 p64 d12 bass p36 d24 at12 drums h42`: tempo in quarters per minute; a bar with its
length in steps (twelfths of a quarter); the step in it; the instrument of what follows, repeated in each bar; a note as
MIDI number and duration; a drum hit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from aigc_tf.data.music.performance import DRUM_KIT, DRUM_STEPS, FAMILIES, MAX_BAR, Note, Performance

LENGTHS = (*range(1, 13), 14, 15, 16, 18, 20, 21, 24, 27, 30, 32, 36, 42, 48, 54, 60, 72, 84, 96, 120, 144, 192)
"""Note durations in steps; others are rounded to the nearest."""
SLOWEST, FASTEST, TEMPO_STEP = 40, 240, 8
PITCH = "p"
"""Prefix of pitch tokens."""
INSTRUMENTS = (*FAMILIES, "drums")
_NUMBERED = re.compile(r"(tempo|bar|at|p|d|h)(\d+)")
_MAX_PITCH = 127


def rounded(performance: Performance) -> Performance:
    """Quantize a performance to what tokens can represent: the nearest durations and tempo."""
    notes = tuple(note._replace(length=_nearest(note.length)) for note in performance.notes)
    tempo = min(max(TEMPO_STEP * round(performance.tempo / TEMPO_STEP), SLOWEST), FASTEST)
    return Performance(notes, performance.bars, float(tempo))


def words_of(performance: Performance) -> str:
    """Encode a performance as tokens separated by spaces; durations and tempo as in `rounded`."""
    known = rounded(performance)
    words, notes = [f"tempo{known.tempo:.0f}"], list(known.notes)[::-1]
    for start, bar in zip(known.starts, known.bars, strict=False):
        words.append(f"bar{bar}")
        instrument, place = -1, -1
        while notes and notes[-1].start < start + bar:
            note = notes.pop()
            if note.start - start != place:
                place = note.start - start
                words.append(f"at{place}")
            if note.instrument != instrument:
                instrument = note.instrument
                words.append(INSTRUMENTS[instrument])
            words += [f"h{note.pitch}"] if instrument == DRUM_KIT else [f"{PITCH}{note.pitch}", f"d{note.length}"]
    return " ".join(words)


def performance_of_words(text: str) -> tuple[Performance, int]:
    """Decode tokens into a performance; also returns the number of tokens skipped because they are out of place."""
    reader = _Reader()
    for word in text.split():
        reader.read(word)
    return reader.result()


class _Reader:
    """A decoder that reads one token at a time."""

    def __init__(self) -> None:
        self.tempo, self.idle = 120.0, 0
        self.bars: list[int] = []
        self.notes: dict[tuple[int, int, int], int] = {}
        self.start = 0  # first step of the bar
        self.place: int | None = None
        self.instrument: int | None = None
        self.pitch: int | None = None  # a pitch that waits for its duration

    def read(self, word: str) -> None:
        """Read one token; invalid ones are counted."""
        pitch, self.pitch = self.pitch, None
        if pitch is not None and not word.startswith("d"):
            self.idle += 1  # a pitch without a duration
        if word in INSTRUMENTS:
            self.instrument = INSTRUMENTS.index(word)
            return
        found = _NUMBERED.fullmatch(word)
        if found is None or not self._says(found[1], int(found[2]), pitch):
            self.idle += 1

    def _says(self, kind: str, number: int, pitch: int | None) -> bool:
        """Whether a token is valid in its position; if so it is applied."""
        if kind == "tempo" and not self.bars and SLOWEST <= number <= FASTEST:
            self.tempo = float(number)
        elif kind == "bar" and 0 < number <= MAX_BAR:
            self.start = sum(self.bars)
            self.bars.append(number)
            self.place = self.instrument = None
        elif kind == "at" and self.bars and (self.place or 0) <= number < self.bars[-1]:
            self.place = number
        elif kind == "h" and self._can_sound(number, drums=True):
            self._add(number, DRUM_STEPS)
        elif kind == PITCH and self._can_sound(number, drums=False):
            self.pitch = number
        elif kind == "d" and pitch is not None and number > 0:
            self._add(pitch, number)
        else:
            return False
        return True

    def _can_sound(self, pitch: int, drums: bool) -> bool:
        known = self.place is not None and self.instrument is not None and pitch <= _MAX_PITCH
        return known and (self.instrument == DRUM_KIT) == drums

    def _add(self, pitch: int, length: int) -> None:
        key = self.start + (self.place or 0), self.instrument or 0, pitch
        self.notes[key] = max(length, self.notes.get(key, 0))

    def result(self) -> tuple[Performance, int]:
        """See `performance_of_words`."""
        notes = tuple(sorted(Note(*key, length) for key, length in self.notes.items()))
        return Performance(notes, tuple(self.bars), self.tempo), self.idle + (self.pitch is not None)


def _nearest(length: int) -> int:
    """The nearest of `LENGTHS`; the shorter one of a tie."""
    return min(LENGTHS, key=lambda known: (abs(known - length), known))


def transpositions(symbols: Sequence[str], shifts: Sequence[int]) -> np.ndarray:
    """The id of each token transposed by semitones: int32 `[shifts, symbols]`, -1 where there is no such pitch.

    Args:
        symbols: tokens by id, with or without a space before them.
        shifts: semitones.
    """
    numbers = {symbol.strip(): number for number, symbol in enumerate(symbols)}
    table = np.tile(np.arange(len(symbols), dtype=np.int32), (len(shifts), 1))
    for number, symbol in enumerate(symbols):
        found = _NUMBERED.fullmatch(symbol.strip())
        if found is not None and found[1] == PITCH:
            table[:, number] = [numbers.get(f"{PITCH}{int(found[2]) + shift}", -1) for shift in shifts]
    return table
