"""MIDI files: read as parts on a grid of sixteenth notes, and written with a provenance mark."""

from __future__ import annotations

import io
import statistics
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from aigc_tf.data.music.piece import (
    HIGHEST,
    HOLD,
    LOWEST,
    MAX_BAR,
    REST,
    STEPS_A_QUARTER,
    Piece,
    notes_of,
    pitch_of,
    symbol_of,
)
from aigc_tf.errors import UnreadableError, listed, printable
from aigc_tf.optional import needed

SUFFIXES = (".mid", ".midi")
MAX_BYTES = 1_000_000
MAX_STEPS = 16_384
"""Maximum length of a piece: over half an hour at 120 quarters per minute."""
MAX_CHORDS = 0.05
"""Maximum share of a part's notes that may overlap with the next one; the earlier one is cut."""
DRUMS = 9
"""The drum channel of General MIDI."""
_ORGAN = 19  # its program number
_TICKS = 480  # ticks per quarter in files that are written
_VELOCITY = 80
# Exceptions that the parser raises for damaged files: it checks little itself.
_DAMAGED = (OSError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError)


@dataclass(frozen=True)
class Part:
    """The notes of one track and channel."""

    name: str
    notes: Sequence[tuple[int, int, int]]
    """First step, end step, and MIDI number of each, sorted by time, then from the lowest up."""

    @property
    def height(self) -> float:
        """The mean pitch."""
        return statistics.fmean(pitch for _, _, pitch in self.notes)


def read_piece(path: Path, voices: Sequence[str]) -> Piece:
    """Read the piece in a MIDI file that has at most one part per voice.

    Parts are tracks, or channels of a track, with notes; drums are left out. They are assigned to voices by the start
    of their names, or, if these do not match and the score is complete, by mean pitch from the highest down.

    Args:
        path: the file.
        voices: voice names, from the highest down.

    Raises:
        UnreadableError: it is damaged, or has no notes, chords in a part, too many parts, pitches outside a piano's
            range, or too many notes.
        InputError: the package mido is not installed.
    """
    return piece_of_file(parsed_file(path), voices)


def parsed_file(path: Path) -> Any:
    """A MIDI file parsed by mido.

    Raises:
        UnreadableError: it is too long, damaged, or its time is not in quarter notes.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise UnreadableError(f"has {size:,} bytes, and at most {MAX_BYTES:,} are read")
    return _parsed(path.read_bytes())


def mido_package() -> Any:
    """Import the package mido.

    Raises:
        InputError: it is not installed.
    """
    return needed("mido", to="read and write MIDI files", extra="music")


def _parsed(content: bytes) -> Any:
    mido = mido_package()
    try:
        file = mido.MidiFile(file=io.BytesIO(content), clip=True)
    except _DAMAGED as error:
        raise UnreadableError(f"is not a MIDI file, or damaged ({printable(str(error)) or 'it ends early'})") from error
    if file.type not in (0, 1) or not 0 < file.ticks_per_beat < 2**15:
        raise UnreadableError("has no common time in quarter notes: save it as MIDI of type 0 or 1")
    return file


def piece_of_file(file: Any, voices: Sequence[str]) -> Piece:
    """The piece of a parsed file; see `read_piece`."""
    parts, names = _ordered(list(_parts(file)), voices)
    length = max(end for part in parts for _, end, _ in part.notes)
    if length > MAX_STEPS:
        raise UnreadableError(f"lasts {length:,} sixteenth notes, and at most {MAX_STEPS:,} are read")
    cells = np.stack([_column(part, length) for part in parts], axis=1)
    bar, pickup = _bar_and_pickup(file)
    return Piece(cells, bar=bar, pickup=pickup, tempo=tempo_of(file), voices=names)


def _parts(file: Any) -> Iterator[Part]:
    """The parts with notes, in file order.

    Raises:
        UnreadableError: there are none, or a pitch has no symbol.
    """
    scale, drums = STEPS_A_QUARTER / file.ticks_per_beat, 0
    found = 0
    for track in file.tracks:
        notes: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for began, ended, channel, pitch in played(track):
            start = round(began * scale)
            notes[channel].append((start, max(start + 1, round(ended * scale)), pitch))
        name = next((event.name for event in track if event.type == "track_name" and event.name), "")
        drums += len(notes.pop(DRUMS, ()))
        for channel in sorted(notes):
            found += 1
            yield _checked(Part(name, sorted(notes[channel], key=lambda note: (note[0], note[2]))))
    if not found:
        raise UnreadableError("has only drums" if drums else "has no notes")


def played(track: Any) -> Iterator[tuple[int, int, int, int]]:
    """The notes of a track in order of their ends: first tick, end tick, channel, MIDI number."""
    sounding: dict[tuple[int, int], int] = {}
    tick = 0
    for event in track:
        tick += event.time
        if event.type not in ("note_on", "note_off"):
            continue
        key = event.channel, event.note
        if key in sounding:
            yield sounding.pop(key), tick, *key
        if event.type == "note_on" and event.velocity:
            sounding[key] = tick


def _checked(part: Part) -> Part:
    strange = [pitch for _, _, pitch in part.notes if not LOWEST <= pitch <= HIGHEST]
    if strange:
        raise UnreadableError(f"has the pitch {strange[0]}, and those of a piano are {LOWEST} to {HIGHEST}")
    return part


def _ordered(parts: Sequence[Part], voices: Sequence[str]) -> tuple[list[Part], tuple[str, ...]]:
    """Parts from the highest voice down, and their voice names if known."""
    if len(parts) > len(voices):
        raise UnreadableError(f"has {len(parts)} parts, and at most {len(voices)} are read: {', '.join(voices)}")
    for part in parts:
        _refuse_chords(part)
    named: dict[str, Part] = {}
    for part in parts:
        own = [voice for voice in voices if part.name.strip().casefold().startswith(voice.casefold())]
        named |= dict.fromkeys(own[:1], part)
    if len(named) == len(parts):
        known = tuple(voice for voice in voices if voice in named)
        return [named[voice] for voice in known], known
    ordered = sorted(parts, key=lambda part: -part.height)
    return ordered, tuple(voices) if len(parts) == len(voices) else ()


def _refuse_chords(part: Part) -> None:
    pairs = zip(part.notes, part.notes[1:], strict=False)
    together = sum(second[0] < first[1] for first, second in pairs)
    if together > MAX_CHORDS * len(part.notes):
        name = f" {printable(part.name)}" if part.name.strip() else ""
        raise UnreadableError(
            f"has chords in the part{name}, and one note at a time is read: write each voice as a track of its own"
        )


def _column(part: Part, length: int) -> np.ndarray:
    """int16 `[length]`: a later note ends an earlier one; of simultaneous ones the highest is kept."""
    cells = np.full(length, HOLD, np.int16)
    cells[0] = REST
    starts = [*(start for start, _, _ in part.notes[1:]), length]
    for (start, end, pitch), following in zip(part.notes, starts, strict=True):
        cells[start] = symbol_of(pitch)
        if end < following:
            cells[end] = REST
    return cells


def _bar_and_pickup(file: Any) -> tuple[int, int]:
    """Bar length in steps from the first time signature, and number of pickup steps before the first bar line.

    Notation programs write a pickup as a shorter bar: a time signature for one bar, before that of the piece.
    """
    metres = [
        (round(start * STEPS_A_QUARTER / file.ticks_per_beat), steps)
        for start, event in sorted(timed(file, "time_signature"), key=lambda pair: pair[0])
        if event.denominator and (steps := round(4 * STEPS_A_QUARTER * event.numerator / event.denominator)) > 0
    ]
    metres = [(start, steps) for start, steps in metres if steps <= MAX_BAR] or [(0, 4 * STEPS_A_QUARTER)]
    (start, first), (second_start, second) = metres[0], next((each for each in metres[1:] if each[0]), metres[0])
    if start == 0 and second_start == first < second:
        return second, first
    return first, 0


def tempo_of(file: Any) -> float:
    """Quarters per minute from the first tempo of a parsed file, 10 to 400; 120 if there is none."""
    tempos = [60e6 / event.tempo for _, event in timed(file, "set_tempo") if event.tempo]
    return min(max(tempos[0], 10.0), 400.0) if tempos else 120.0


def timed(file: Any, kind: str) -> Iterator[tuple[int, Any]]:
    """Events of a kind, each with its tick."""
    for track in file.tracks:
        tick = 0
        for event in track:
            tick += event.time
            if event.type == kind:
                yield tick, event


def write_midi(file: IO[bytes], piece: Piece, voices: Sequence[str], made_by: Mapping[str, str]) -> None:
    """Write a piece as type 1 MIDI: a track per voice, and text events with its provenance.

    Args:
        file: the file to write.
        piece: with as many voices.
        voices: track names.
        made_by: the provenance mark, a text event for each entry.
    """
    mido = mido_package()
    written = mido.MidiFile(type=1, ticks_per_beat=_TICKS, charset="utf-8")
    head = written.add_track()
    head += [mido.MetaMessage("text", text=f"{key}: {value}") for key, value in made_by.items()]
    head.append(mido.MetaMessage("set_tempo", tempo=round(60e6 / piece.tempo)))
    ticks = _TICKS // STEPS_A_QUARTER
    if piece.pickup:
        head.append(_metre(mido, piece.pickup, 0))
    head.append(_metre(mido, piece.bar, ticks * piece.pickup))
    for voice, name in enumerate(voices):
        track = written.add_track(name)
        track.append(mido.Message("program_change", channel=voice % DRUMS, program=_ORGAN))
        now = 0
        for symbol, start, length in notes_of(piece.cells[:, voice]):
            pitch, end = int(pitch_of(symbol)), start + length
            on, off = ticks * (start - now), ticks * length
            message = {"channel": voice % DRUMS, "note": pitch, "velocity": _VELOCITY}
            track.append(mido.Message("note_on", **message, time=on))
            track.append(mido.Message("note_off", **message, time=off))
            now = end
        track.append(mido.MetaMessage("end_of_track", time=ticks * (piece.steps - now)))
    written.save(file=file)


def _metre(mido: Any, steps: int, time: int) -> Any:
    """The time signature for bars of `steps`, `time` ticks after the previous event."""
    quarters = steps // STEPS_A_QUARTER
    numerator, denominator = (quarters, 4) if quarters * STEPS_A_QUARTER == steps else (steps, 16)
    return mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator, time=time)


def origin_of(path: Path) -> list[str]:
    """The text events of a MIDI file, which hold its provenance mark.

    Raises:
        UnreadableError: it is not a MIDI file.
    """
    file = _parsed(path.read_bytes())
    texts = [event.text for track in file.tracks for event in track if event.type == "text"]
    return [text.encode("latin-1").decode("utf-8", "replace") for text in texts]


def in_words(left_out: Mapping[str, Sequence[str]]) -> list[str]:
    """Notes on files that were left out: reason -> names."""
    return [f"left out: {len(names):,} files ({reason}): {listed(names)}" for reason, names in left_out.items()]
