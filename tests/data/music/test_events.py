"""Polyphonic music: round trips between MIDI files, performances and event tokens."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest

from aigc_tf.data.music.event_source import open_source
from aigc_tf.data.music.events import LENGTHS, performance_of_words, rounded, transpositions, words_of
from aigc_tf.data.music.made_up import made_up_pieces
from aigc_tf.data.music.performance import (
    DRUM_KIT,
    DRUM_STEPS,
    FAMILIES,
    Note,
    Performance,
    performance_of,
    read_performance,
    write_performance,
)
from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.recipes.midi_events import MidiEvents, PerformanceSettings
from aigc_tf.recipes.pieces import VOICES

PIANO, BASS = FAMILIES.index("piano"), FAMILIES.index("bass")


def random_performance(seed: int) -> Performance:
    """Bars of different lengths, chords, triplets, drums; equal pitches of an instrument do not overlap."""
    random = np.random.default_rng(seed)
    bars = (12, *random.choice([48, 36, 42, 30], 6).tolist())
    notes: list[Note] = []
    busy: dict[tuple[int, int], int] = {}
    for start in np.sort(random.choice(sum(bars), 60)).tolist():
        instrument = int(random.choice([PIANO, BASS, DRUM_KIT, 11]))
        pitch = int(random.integers(30, 90))
        length = DRUM_STEPS if instrument == DRUM_KIT else int(random.choice(LENGTHS[:24]))
        if busy.get((instrument, pitch), 0) <= start:
            notes.append(Note(start, instrument, pitch, length))
            busy[instrument, pitch] = start + length
    notes.append(Note(sum(bars) - 1, PIANO, 100, 4))  # the last bar is inferred from its notes
    return Performance(tuple(sorted(notes)), bars, 96.0)


def written(performance: Performance, path: Path) -> Path:
    with path.open("wb") as file:
        write_performance(file, performance, {"seed": "1"})
    return path


@pytest.mark.parametrize("seed", range(5))
def test_files_words_and_performances_say_the_same(seed: int, tmp_path: Path):
    performance = random_performance(seed)
    assert read_performance(written(performance, tmp_path / "a.mid")) == performance
    words = words_of(performance)
    assert performance_of_words(words) == (performance, 0)
    assert words_of(performance_of_words(words)[0]) == words


def test_words_are_as_the_documentation_says():
    notes = (Note(0, PIANO, 60, 12), Note(0, PIANO, 64, 12), Note(0, BASS, 36, 24), Note(12, DRUM_KIT, 42, 3))
    words = "tempo96 bar48 at0 piano p60 d12 p64 d12 bass p36 d24 at12 drums h42"
    assert words_of(Performance(tuple(sorted(notes)), (48,), 96.0)) == words


def test_lengths_and_tempo_become_the_nearest_that_there_are_words_for():
    odd = Performance((Note(0, PIANO, 60, 13), Note(0, PIANO, 61, 1000)), (48,), 131.0)
    known = rounded(odd)
    assert [note.length for note in known.notes] == [12, 192] and known.tempo == 128
    assert performance_of_words(words_of(odd))[0] == known


@pytest.mark.parametrize(
    ("words", "idle"),
    [
        ("p60 d12", 2),  # no bar
        ("bar48 at0 p60 d12", 2),  # no instrument
        ("bar48 at0 piano d12", 1),
        ("bar48 at0 piano p60 p64 d12", 1),
        ("bar48 at0 piano p60", 1),
        ("bar48 at12 at6", 1),  # back in time
        ("bar48 at48", 1),  # beyond the bar
        ("bar48 at0 drums p60 d3", 2),
        ("bar48 at0 piano h42", 1),
        ("bar48 tempo96", 1),
        ("bar999 tempo5 nonsense p999", 4),
    ],
)
def test_words_out_of_place_are_counted(words: str, idle: int):
    assert performance_of_words(words)[1] == idle


def test_files_of_other_programs_are_read(tmp_path: Path):
    file = mido.MidiFile(ticks_per_beat=480)
    head, track = file.add_track(), file.add_track()
    head.append(mido.MetaMessage("time_signature", numerator=6, denominator=8))
    track.append(mido.Message("program_change", program=33, channel=2))
    for kind, pitch, time in (("note_on", 40, 0), ("note_on", 47, 0), ("note_off", 40, 165), ("note_off", 47, 100)):
        track.append(mido.Message(kind, note=pitch, channel=2, velocity=64, time=time))
    track.append(mido.Message("program_change", program=0, channel=2))
    for channel, pitch, time, length in ((2, 50, 500, 1), (9, 35, 0, 9)):
        track.append(mido.Message("note_on", note=pitch, channel=channel, time=time))
        track.append(mido.Message("note_off", note=pitch, channel=channel, time=length))
    file.save(tmp_path / "a.mid")
    found = read_performance(tmp_path / "a.mid")
    assert found.bars == (36,)
    assert found.notes == (
        Note(0, BASS, 40, 4),
        Note(0, BASS, 47, 7),
        Note(19, PIANO, 50, 1),
        Note(19, DRUM_KIT, 35, 3),
    )


@pytest.mark.parametrize(("denominator", "pitch", "words"), [(4, None, "has no notes"), (64, 60, "bars of 1/64")])
def test_what_cannot_be_read_says_why(denominator: int, pitch: int | None, words: str, tmp_path: Path):
    file = mido.MidiFile()
    track = file.add_track()
    track.append(mido.MetaMessage("time_signature", numerator=1, denominator=denominator))
    if pitch:
        track += [mido.Message("note_on", note=pitch), mido.Message("note_off", note=pitch, time=480)]
    file.save(tmp_path / "a.mid")
    with pytest.raises(UnreadableError, match=words):
        read_performance(tmp_path / "a.mid")


def test_transposed_windows_are_the_same_music_in_other_keys():
    pieces = [performance_of(piece) for piece in made_up_pieces(VOICES)[:40]]
    text = MidiEvents.tiny().text
    source = open_source(MidiEvents(text=text), pieces)
    still = open_source(MidiEvents(text=text, performances=PerformanceSettings(transpose=0)), pieces)
    moved, own, again = (next(iter(each.batches(64, 0)))["tokens"].numpy() for each in (source, still, source))
    shifts = set()
    for first, second in zip(moved, own, strict=True):
        words = [source.vocabulary.decode(row).split() for row in (first, second)]
        assert [word[:1] for word in words[0]] == [word[:1] for word in words[1]]
        pitches = [[int(word[1:]) for word in row if word[0] == "p" and word[1:].isdigit()] for row in words]
        difference = {a - b for a, b in zip(*pitches, strict=True)}
        assert len(difference) == 1
        shifts |= difference
    assert len(shifts) > 5 and max(map(abs, shifts)) <= 5
    np.testing.assert_array_equal(again, moved)
    assert transpositions(("", "?", "p60", " p61", " d3"), [1]).tolist() == [[0, 1, 3, -1, 4]]


def test_a_folder_is_read_and_what_is_left_out_is_said(tmp_path: Path):
    for index in range(30):
        written(random_performance(index), tmp_path / f"{index:02d}.mid")
    (tmp_path / "bad.mid").write_bytes(b"no music")
    written(random_performance(0), tmp_path / "again.mid")
    source = open_source(MidiEvents(source=str(tmp_path), text=MidiEvents.tiny().text))
    assert any("is not a MIDI file" in line and "bad.mid" in line for line in source.notes)
    assert any("1 pieces that are equal" in line for line in source.notes)
    assert set(source.inputs("train", 100)) <= {random_performance(index) for index in range(30)}
    assert source.name == str(tmp_path)
    overview = source.overview()
    assert "documents" in overview.facts and isinstance(overview.examples["examples"].values[0], Performance)
    with pytest.raises(InputError, match="not a sequence of performances"):
        open_source(MidiEvents(), ["words"])
