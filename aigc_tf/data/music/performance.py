"""Polyphonic music for any instruments, on a grid of twelfths of a quarter: reading and writing MIDI.

Velocities, pedals and tempo changes are ignored.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

from aigc_tf.data.music.midi import DRUMS, mido_package, parsed_file, played, tempo_of, timed
from aigc_tf.data.music.piece import STEPS_A_QUARTER, Piece, notes_of, pitch_of
from aigc_tf.errors import UnreadableError

QUARTER = 12
"""Steps per quarter: a sixteenth is three of them, an eighth triplet four."""
MAX_BAR = 8 * QUARTER
"""Maximum bar length in steps."""
MAX_BARS = 2000
MAX_NOTES = 50_000
FAMILIES = (
    *("piano", "chromatic", "organ", "guitar", "bass", "strings", "ensemble", "brass"),
    *("reed", "pipe", "lead", "pad", "effects", "ethnic", "percussive", "sounds"),
)
"""General MIDI's groups of eight programs."""
DRUM_KIT = len(FAMILIES)
"""The instrument index of drums."""
DRUM_STEPS = QUARTER // 4
"""Duration of a drum hit in steps."""
_FAMILY = 8  # programs per family
_TICKS = 480  # ticks per quarter in files that are written
_VELOCITY = 80


class Note(NamedTuple):
    """A note; notes sort by time, then instrument, then pitch."""

    start: int
    """First step."""
    instrument: int
    """Index into `FAMILIES`, or `DRUM_KIT`."""
    pitch: int
    """MIDI number."""
    length: int
    """Duration in steps."""


@dataclass(frozen=True)
class Performance:
    """Notes and the bars that contain them."""

    notes: tuple[Note, ...]
    """Sorted."""
    bars: tuple[int, ...]
    """Length of each in steps; a pickup is a shorter first bar. Every note starts in one of them."""
    tempo: float = 120.0
    """Quarters per minute."""

    @property
    def starts(self) -> list[int]:
        """The first step of each bar, and the end step."""
        found = [0]
        for bar in self.bars:
            found.append(found[-1] + bar)
        return found

    @property
    def end(self) -> int:
        """The end of the last bar or note, in steps."""
        return max(self.starts[-1], max((note.start + note.length for note in self.notes), default=0))


def performance_of(piece: Piece) -> Performance:
    """A piece for several voices as a performance on the organ."""
    scale, organ = QUARTER // STEPS_A_QUARTER, FAMILIES.index("organ")
    notes = [
        Note(scale * start, organ, int(pitch_of(symbol)), scale * length)
        for column in piece.cells.T
        for symbol, start, length in notes_of(column)
    ]
    bars = [piece.pickup] * bool(piece.pickup)
    while sum(bars) < piece.steps:
        bars.append(piece.bar)
    return Performance(tuple(sorted(set(notes))), tuple(scale * bar for bar in bars), piece.tempo)


def read_performance(path: Path) -> Performance:
    """All notes of a MIDI file.

    Raises:
        UnreadableError: it is damaged, has no notes, or too many, or bars that do not fit the grid.
        InputError: the package mido is not installed.
    """
    file = parsed_file(path)
    notes: dict[tuple[int, int, int], int] = {}
    for note in _notes(file):
        key = note[:3]
        notes[key] = max(notes.get(key, 0), note.length)
    if not notes:
        raise UnreadableError("has no notes")
    if len(notes) > MAX_NOTES:
        raise UnreadableError(f"has {len(notes):,} notes, and at most {MAX_NOTES:,} are read")
    last = max(start for start, _, _ in notes)
    found = tuple(sorted(Note(*key, length) for key, length in notes.items()))
    return Performance(found, tuple(_bars(file, last)), tempo_of(file))


def _notes(file: Any) -> Iterator[Note]:
    """The notes of all tracks; the program is the track's own, or the first one in the file for the channel."""
    scale = QUARTER / file.ticks_per_beat
    first: dict[int, int] = {}
    for _, event in sorted(timed(file, "program_change"), key=lambda pair: pair[0]):
        first.setdefault(event.channel, event.program)
    for track in file.tracks:
        own: dict[int, list[tuple[int, int]]] = defaultdict(list)
        tick = 0
        for event in track:
            tick += event.time
            if event.type == "program_change":
                own[event.channel].append((tick, event.program))
        for began, ended, channel, pitch in played(track):
            changes = own[channel]
            at = bisect.bisect(changes, (began, 128)) - 1
            program = changes[at][1] if at >= 0 else first.get(channel, 0)
            start = round(began * scale)
            if channel == DRUMS:
                yield Note(start, DRUM_KIT, pitch, DRUM_STEPS)
            else:
                yield Note(start, program // _FAMILY, pitch, max(1, round(ended * scale) - start))


def _bars(file: Any, last: int) -> Iterator[int]:
    """The length of each bar in steps, up to the bar with the step `last`.

    Raises:
        UnreadableError: they do not fit the grid, or there are too many.
    """
    changes = []
    for tick, event in sorted(timed(file, "time_signature"), key=lambda pair: pair[0]):
        steps = 4 * QUARTER * event.numerator / event.denominator
        if not steps.is_integer() or not 0 < steps <= MAX_BAR:
            raise UnreadableError(f"has bars of {event.numerator}/{event.denominator}, which are not read")
        changes.append((round(tick * QUARTER / file.ticks_per_beat), int(steps)))
    start, bar, count = 0, 4 * QUARTER, 0
    while start <= last:
        while changes and changes[0][0] <= start:
            bar = changes.pop(0)[1]
        count += 1
        if count > MAX_BARS:
            raise UnreadableError(f"has more than {MAX_BARS:,} bars")
        yield bar
        start += bar


def write_performance(file: IO[bytes], performance: Performance, made_by: Mapping[str, str]) -> None:
    """Write type 1 MIDI: a track per instrument, and text events with its provenance.

    Args:
        file: the file to write.
        performance: with at most 15 instruments besides drums, one per channel; further ones share channels.
        made_by: the provenance mark, a text event for each entry.
    """
    mido = mido_package()
    written = mido.MidiFile(type=1, ticks_per_beat=_TICKS, charset="utf-8")
    head = written.add_track()
    head += [mido.MetaMessage("text", text=f"{key}: {value}") for key, value in made_by.items()]
    head.append(mido.MetaMessage("set_tempo", tempo=round(60e6 / performance.tempo)))
    ticks, now, known = _TICKS // QUARTER, 0, 0
    for start, bar in zip(performance.starts, performance.bars, strict=False):
        if bar != known:
            numerator, denominator = _metre(bar)
            time = ticks * (start - now)
            head.append(mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator, time=time))
            now, known = start, bar
    channels = [channel for channel in range(16) if channel != DRUMS]
    for index, instrument in enumerate(sorted({note.instrument for note in performance.notes})):
        is_drums = instrument == DRUM_KIT
        channel = DRUMS if is_drums else channels[index % len(channels)]
        track = written.add_track("drums" if is_drums else FAMILIES[instrument])
        if not is_drums:
            track.append(mido.Message("program_change", channel=channel, program=_FAMILY * instrument))
        own = [note for note in performance.notes if note.instrument == instrument]
        track += _events(mido, own, channel, ticks)
    written.save(file=file)


def _events(mido: Any, notes: list[Note], channel: int, ticks: int) -> Iterator[Any]:
    """Note-on and note-off events in order of time; at the same time note-off comes first."""
    found = [(note.start, 1, note.pitch) for note in notes]
    found += [(note.start + note.length, 0, note.pitch) for note in notes]
    now = 0
    for step, begins, pitch in sorted(found):
        kind = "note_on" if begins else "note_off"
        yield mido.Message(kind, channel=channel, note=pitch, velocity=_VELOCITY, time=ticks * (step - now))
        now = step


def _metre(steps: int) -> tuple[int, int]:
    """Numerator and denominator for bars of `steps`; unusual ones are rounded to thirty-seconds."""
    for denominator in (4, 8, 16):
        beat = 4 * QUARTER // denominator
        if steps % beat == 0:
            return steps // beat, denominator
    return max(1, round(steps * 32 / (4 * QUARTER))), 32
