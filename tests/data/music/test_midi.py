"""MIDI files: round trips, and files from other programs that are read, refused in one line or skipped."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import mido
import numpy as np
import pytest

from aigc_tf.data.music.midi import MAX_BYTES, MAX_STEPS, origin_of, read_piece, write_midi
from aigc_tf.data.music.opening import open_source, read_folder
from aigc_tf.data.music.piece import HOLD, REST, Piece, pitch_of, symbol_of
from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.modalities.music import Excerpts
from aigc_tf.recipes.music import Music, MusicSettings
from aigc_tf.recipes.pieces import VOICES, ExcerptSettings

Notes = list[tuple[int, int, int]]  # start and length in quarters, pitch


def midi(path: Path, tracks: dict[str, Notes], *, channel: int = 0, ticks: int = 96, **signature: int) -> Path:
    """A MIDI file in the style of other programs."""
    file = mido.MidiFile(ticks_per_beat=ticks)
    for number, (name, notes) in enumerate(tracks.items()):
        track = file.add_track(name)
        if not number and signature:
            track.append(mido.MetaMessage("time_signature", **signature))
        events = []
        for start, length, pitch in notes:
            events.append((start * ticks, "note_on", pitch))
            events.append(((start + length) * ticks - 1, "note_off", pitch))
        now = 0
        for tick, kind, pitch in sorted(events):
            track.append(mido.Message(kind, channel=channel, note=pitch, time=tick - now))
            now = tick
    file.save(path)
    return path


def scale(low: int) -> Notes:
    return [(quarter, 1, low + quarter) for quarter in range(8)]


def random_piece(seed: int, steps: int = 64, voices: int = 4, **fields: object) -> Piece:
    random = np.random.default_rng(seed)
    cells = np.where(
        random.random((steps, voices)) < 0.4, random.integers(REST, symbol_of(108) + 1, (steps, voices)), HOLD
    ).astype(np.int16)
    cells[0] = [symbol_of(72 - 7 * voice) for voice in range(voices)]
    # MIDI has no event for a rest after a rest.
    held = np.maximum.accumulate(np.where(cells != HOLD, np.arange(steps)[:, None], 0), axis=0)
    sounding = np.take_along_axis(cells, held, axis=0)
    cells[1:][(cells[1:] == REST) & (sounding[:-1] == REST)] = HOLD
    cells[-1, 0] = symbol_of(72)  # the piece ends with a note: MIDI cannot represent a final rest
    return Piece(cells, **fields)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_written_is_read_again(seed: int, tmp_path: Path):
    piece = random_piece(seed, bar=12, tempo=90.0)
    with (tmp_path / "a.mid").open("wb") as file:
        write_midi(file, piece, VOICES, {"model": "größe 中"})
    read = read_piece(tmp_path / "a.mid", VOICES)
    np.testing.assert_array_equal(read.cells, piece.cells)
    assert (read.bar, round(read.tempo), read.voices) == (12, 90, VOICES)
    assert origin_of(tmp_path / "a.mid") == ["model: größe 中"]


@pytest.mark.parametrize(("bar", "pickup"), [(16, 4), (12, 4), (10, 3), (16, 0)])
def test_a_pickup_bar_is_known_and_excerpts_begin_behind_it(bar: int, pickup: int, tmp_path: Path):
    piece = random_piece(1, 64 + pickup, bar=bar, pickup=pickup)
    with (tmp_path / "piece.mid").open("wb") as file:
        write_midi(file, piece, VOICES, {})
    assert read_piece(tmp_path / "piece.mid", VOICES) == piece
    excerpt = Excerpts(ExcerptSettings(bars=4)).read(tmp_path / "piece.mid")
    assert excerpt == piece.part(pickup, 64) and excerpt.pickup == 0


def test_voices_are_found_by_name_or_by_height(tmp_path: Path):
    named = midi(tmp_path / "named.mid", {"Bass 1": scale(70), "SOPRANO": scale(40)})
    assert read_piece(named, VOICES).voices == ("soprano", "bass")
    assert pitch_of(read_piece(named, VOICES).cells[0, 0]) == 40
    full = midi(tmp_path / "full.mid", {"a": scale(40), "b": scale(70), "c": scale(60), "d": scale(50)})
    piece = read_piece(full, VOICES)
    assert piece.voices == VOICES and [pitch_of(n) for n in piece.cells[0]] == [70, 60, 50, 40]
    assert read_piece(midi(tmp_path / "one.mid", {"x": scale(60)}), VOICES).voices == ()


def test_notes_that_are_played_short_hold_and_real_rests_stay(tmp_path: Path):
    piece = read_piece(midi(tmp_path / "a.mid", {"": [(0, 1, 60), (1, 1, 62), (4, 2, 60)]}, ticks=96), VOICES)
    (events,) = np.nonzero(piece.cells[:, 0])
    assert events.tolist() == [0, 4, 8, 16] and piece.cells[8, 0] == REST and piece.steps == 24


def test_of_notes_that_begin_together_the_highest_is_kept_and_a_later_one_ends_an_earlier(tmp_path: Path):
    notes = [*scale(40), (8, 1, 60), (8, 2, 55), *[(quarter, 1, 50) for quarter in range(10, 40)]]
    notes[3] = (3, 2, 43)
    piece = read_piece(midi(tmp_path / "a.mid", {"": notes}), VOICES)
    assert [pitch_of(piece.cells[4 * quarter, 0]) for quarter in (3, 4, 8)] == [43, 44, 60]
    assert piece.cells[36, 0] == REST


@pytest.mark.parametrize(
    ("notes", "options", "words"),
    [
        ({}, {}, "no notes"),
        ({"drums": scale(40)}, {"channel": 9}, "only drums"),
        ({"piano": [*scale(40), *scale(44)]}, {}, "chords in the part piano"),
        ({"": [(0, 1, 10)]}, {}, "the pitch 10"),
        ({"": [(0, 1, 60), (MAX_STEPS, 1, 60)]}, {}, "lasts"),
        ({str(n): scale(40 + n) for n in range(5)}, {}, "5 parts"),
    ],
)
def test_what_cannot_be_read_says_why(notes: dict[str, Notes], options: dict[str, int], words: str, tmp_path: Path):
    with pytest.raises(UnreadableError, match=words):
        read_piece(midi(tmp_path / "a.mid", notes, **options), VOICES)


def test_damaged_files_are_refused_wherever_they_are_damaged(tmp_path: Path):
    whole = midi(tmp_path / "a.mid", {"a": scale(60), "b": scale(50)}, numerator=3, denominator=4).read_bytes()
    random = np.random.default_rng(0)
    refused = 0
    for case in range(300):
        data = bytearray(whole[: random.integers(len(whole))] if case % 2 else whole)
        for place in random.integers(len(data), size=case % 4) if data else ():
            data[place] = random.integers(256)
        (tmp_path / "b.mid").write_bytes(bytes(data))
        try:
            assert read_piece(tmp_path / "b.mid", VOICES).steps <= MAX_STEPS
        except UnreadableError as error:
            refused += "\n" not in str(error)
    assert refused > 100
    (tmp_path / "b.mid").write_bytes(b"\0" * (MAX_BYTES + 1))
    with pytest.raises(UnreadableError, match="bytes"):
        read_piece(tmp_path / "b.mid", VOICES)


def folder_of(path: Path, pieces: list[Piece]) -> Path:
    path.mkdir()
    for number, piece in enumerate(pieces):
        with (path / f"{number:02d}.mid").open("wb") as file:
            write_midi(file, piece, VOICES, {})
    return path


def test_a_folder_leaves_out_what_does_not_fit_and_counts_it(tmp_path: Path):
    folder = folder_of(tmp_path / "all", [random_piece(seed) for seed in range(4)])
    (folder / "broken.mid").write_bytes(b"MThd")
    midi(folder / "duet.mid", {"a": scale(60), "b": scale(50)})
    midi(folder / "short.mid", {voice: [(0, 1, 60)] for voice in VOICES})
    (folder / "notes.txt").write_text("no music")
    pieces, notes = read_folder(folder, MusicSettings())
    assert len(pieces) == 4
    said = "; ".join(notes)
    assert all(word in said for word in ("notes.txt", "broken.mid", "2 parts instead of 4", "shorter than 16"))
    with pytest.raises(InputError, match="3 of 7 files"):
        read_folder(folder, MusicSettings(max_unreadable=0.2))


def test_sources_that_cannot_be_used_are_refused_in_one_line(tmp_path: Path):
    folder = folder_of(tmp_path / "few", [random_piece(seed) for seed in range(4)])
    (tmp_path / "empty").mkdir()
    for source, words in ((folder, "4 different pieces"), (tmp_path / "empty", "no MIDI files")):
        with pytest.raises(InputError, match=words) as refused:
            open_source(Music(source=str(source)))
        assert "\n" not in str(refused.value)
    with pytest.raises(InputError, match="single file"):
        open_source(Music(source=str(folder / "00.mid")))
    with pytest.raises(InputError, match="4 voices"):
        open_source(Music(), [dataclasses.replace(random_piece(0), cells=random_piece(0).cells[:, :2])])
