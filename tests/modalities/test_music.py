"""Music files, pictures and audio."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from aigc_tf.data.music.made_up import made_up_pieces
from aigc_tf.data.music.midi import origin_of, read_piece
from aigc_tf.data.music.piece import HOLD, REST, Piece, symbol_of
from aigc_tf.modalities.music import Scores, piano_roll
from aigc_tf.modalities.synthesis import RATE, frequency, synthesise, tone
from aigc_tf.recipes.pieces import VOICES


def single(pitch: int, steps: int = 16) -> Piece:
    cells = np.full((steps, 1), HOLD, np.int16)
    cells[0] = symbol_of(pitch)
    return Piece(cells, tempo=120.0)


@pytest.mark.parametrize("pitch", [45, 69, 84])
def test_a_note_sounds_at_its_frequency_for_its_time(pitch: int):
    sound = synthesise(single(pitch))
    spectrum = np.abs(np.fft.rfft(sound))
    strongest = np.argmax(spectrum) * RATE / len(sound)
    assert abs(strongest - 440 * 2 ** ((pitch - 69) / 12)) < 1
    assert len(sound) == pytest.approx(2.08 * RATE, abs=2) and np.abs(sound).max() == pytest.approx(0.9)


def test_partials_beyond_half_the_rate_are_left_out():
    spectrum = np.abs(np.fft.rfft(tone(108, 1.0, rate=9000)))  # its second partial would alias
    assert spectrum[: len(spectrum) // 3].max() < 0.05 * spectrum.max()
    assert frequency(108) < 4500 < 2 * frequency(108)


def test_a_rest_is_silent():
    piece = single(60)
    piece.cells[4] = REST
    quiet = synthesise(piece)[round(0.62 * RATE) :]
    assert not quiet.any()
    piece.cells[0] = REST
    assert not synthesise(piece).any()


def test_files_hold_the_piece_and_its_origin(tmp_path: Path):
    modality, piece = Scores(VOICES), made_up_pieces(VOICES)[0]
    modality.write(tmp_path / "a.mid", piece, {"model": "music"})
    assert read_piece(tmp_path / "a.mid", VOICES) == piece
    assert origin_of(tmp_path / "a.mid") == ["model: music"]
    modality.write_all(tmp_path / "a.wav", [piece], {})
    with wave.open(str(tmp_path / "a.wav")) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (RATE, 1, 2)
        assert sound.getnframes() / RATE == pytest.approx(piece.steps * 60 / piece.tempo / 4, abs=0.1)


def test_a_folder_gets_a_file_for_each_piece(tmp_path: Path):
    modality = Scores(VOICES)
    modality.write_all(tmp_path / "made", made_up_pieces(VOICES)[:2], {})
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == [
        "00000.mid",
        "00000.wav",
        "00001.mid",
        "00001.wav",
    ]


def test_a_piano_roll_shows_higher_notes_higher_and_longer_ones_longer():
    piece = single(60, 32)
    piece.cells[8] = symbol_of(67)
    roll = piano_roll(piece)
    red = (roll == (190, 40, 40)).all(axis=-1)
    low, high = red[:, :32], red[:, 32:]
    assert np.flatnonzero(high.any(axis=1)).max() < np.flatnonzero(low.any(axis=1)).min()
    assert low.any(axis=0).sum() < 32 < high.any(axis=0).sum()
    assert roll.shape[1] == 32 * 4
    nothing = Piece(np.full((16, 4), HOLD, np.int16))
    assert piano_roll(nothing).ndim == 3


def test_strange_pieces_stay_within_the_symbols():
    pieces = made_up_pieces(VOICES)[:8]
    for made, piece in zip(Scores(VOICES).strange(pieces, 0), pieces, strict=True):
        assert made.cells.shape == piece.cells.shape and made != piece
        assert made.cells.min() >= 0 and made.cells.max() <= symbol_of(108) and (made.cells[0] > HOLD).all()
