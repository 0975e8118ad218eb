"""Music as words, one after the other: bars, places, instruments, pitches and lengths (after REMI, Huang & Yang 2020).

`tempo96 bar48 at0 piano p60 d12 p64 d12 bass p36 d24 at12 drums h42`: quarters in a minute; a bar of so many steps
(twelfths of a quarter); the step in it; the instrument of what follows, said anew in each bar; a note by its MIDI
number and length; a stroke of a drum.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from aigc_tf.data.music.performance import DRUM_KIT, DRUM_STEPS, FAMILIES, MAX_BAR, Note, Performance

LENGTHS = (*range(1, 13), 14, 15, 16, 18, 20, 21, 24, 27, 30, 32, 36, 42, 48, 54, 60, 72, 84, 96, 120, 144, 192)
"""Steps that notes last; others become the nearest of these."""
SLOWEST, FASTEST, TEMPO_STEP = 40, 240, 8
PITCH = "p"
"""What the word of a pitch begins with."""
INSTRUMENTS = (*FAMILIES, "drums")
_NUMBERED = re.compile(r"(tempo|bar|at|p|d|h)(\d+)")
_MAX_PITCH = 127


def rounded(performance: Performance) -> Performance:
    """What words can say of a performance: lengths and tempo are the nearest that there are words for."""
    notes = tuple(note._replace(length=_nearest(note.length)) for note in performance.notes)
    tempo = min(max(TEMPO_STEP * round(performance.tempo / TEMPO_STEP), SLOWEST), FASTEST)
    return Performance(notes, performance.bars, float(tempo))


def words_of(performance: Performance) -> str:
    """A performance as words, with a space between them; lengths and tempo as of `rounded`."""
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
    """The performance that words say, and how many of them say nothing where they stand: these are left out."""
    reader = _Reader()
    for word in text.split():
        reader.read(word)
    return reader.result()


class _Reader:
    """Reads one word after the other."""

    def __init__(self) -> None:
        self.tempo, self.idle = 120.0, 0
        self.bars: list[int] = []
        self.notes: dict[tuple[int, int, int], int] = {}
        self.start = 0  # of the bar
        self.place: int | None = None
        self.instrument: int | None = None
        self.pitch: int | None = None  # that waits for its length

    def read(self, word: str) -> None:
        """One word; those out of place are counted."""
        pitch, self.pitch = self.pitch, None
        if pitch is not None and not word.startswith("d"):
            self.idle += 1  # a pitch without a length
        if word in INSTRUMENTS:
            self.instrument = INSTRUMENTS.index(word)
            return
        found = _NUMBERED.fullmatch(word)
        if found is None or not self._says(found[1], int(found[2]), pitch):
            self.idle += 1

    def _says(self, kind: str, number: int, pitch: int | None) -> bool:
        """Whether a word says something where it stands; if so, it is taken up."""
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
    """The nearest of `LENGTHS`, the shorter one of two."""
    return min(LENGTHS, key=lambda known: (abs(known - length), known))


def transpositions(symbols: Sequence[str], shifts: Sequence[int]) -> np.ndarray:
    """The number of each symbol, moved by semitones: int32 `[shifts, symbols]`, -1 where there is no such pitch.

    Args:
        symbols: words by their number, with or without a space before them.
        shifts: semitones.
    """
    numbers = {symbol.strip(): number for number, symbol in enumerate(symbols)}
    table = np.tile(np.arange(len(symbols), dtype=np.int32), (len(shifts), 1))
    for number, symbol in enumerate(symbols):
        found = _NUMBERED.fullmatch(symbol.strip())
        if found is not None and found[1] == PITCH:
            table[:, number] = [numbers.get(f"{PITCH}{int(found[2]) + shift}", -1) for shift in shifts]
    return table
