"""Metrics of excerpts: closed forms, and baselines."""

from __future__ import annotations

import numpy as np
import pytest

from aigc_tf.data.music.made_up import made_up_pieces
from aigc_tf.data.music.piece import HOLD, Piece, symbol_of
from aigc_tf.data.music.voice_leading import fewest_parallels, parallels
from aigc_tf.metrics.music import rules
from aigc_tf.metrics.music.excerpts import cell_accuracy, nearest_in_any_key, note_f1, piece_of_held
from aigc_tf.recipes.pieces import VOICES

PIECES = [piece.part(0, 32) for piece in made_up_pieces(VOICES)[:30]]


def piece(*columns: list[int]) -> Piece:
    """A piece from MIDI numbers; 0 holds the note."""
    rows = zip(*columns, strict=True)
    return Piece(np.array([[symbol_of(pitch) if pitch else HOLD for pitch in row] for row in rows], np.int16))


def test_accuracy_counts_cells_and_f1_notes():
    real, other = piece([60, 0, 62, 0]), piece([60, 0, 64, 65])
    assert cell_accuracy([real], [other]) == 0.5
    assert note_f1([real], [other]) == pytest.approx(2 / 5)
    assert cell_accuracy(PIECES, PIECES) == note_f1(PIECES, PIECES) == 1.0


def test_the_nearest_piece_is_found_in_any_key():
    moved = [PIECES[4].transposed(3), PIECES[9].transposed(-5)]
    assert nearest_in_any_key(moved, PIECES) == moved


def test_a_piece_of_what_sounds_begins_notes_where_that_changes():
    held = np.array([[5, 9], [5, 9], [6, 9], [6, 8]])
    assert piece_of_held(held, PIECES[0]).cells.tolist() == [[5, 9], [0, 0], [6, 0], [0, 8]]


def test_histograms_of_harmony_and_lengths():
    two = piece([67, 0, 0, 72], [60, 0, 60, 0])
    harmony, lengths = rules.harmonic_intervals([two]), rules.note_lengths([two])
    assert harmony[7] == 0.75 and harmony[0] == 0.25
    assert lengths[2] == lengths[0] == 0.25 and lengths[1] == 0.5
    for histogram in rules.HISTOGRAMS.values():
        assert histogram(PIECES).sum() == pytest.approx(1)


def test_of_several_drawings_that_with_the_fewest_parallels_is_kept():
    bad, good = piece([67, 69, 71], [60, 62, 64]), piece([67, 69, 71], [60, 59, 55])
    assert parallels(bad) == (2, 0) and parallels(good) == (0, 0)
    cells = np.stack([bad.cells, good.cells, bad.cells, bad.cells])
    np.testing.assert_array_equal(fewest_parallels(cells, 2), [good.cells, bad.cells])
    np.testing.assert_array_equal(fewest_parallels(cells, 1), cells)
