"""Excerpts start at bar lines in four-four time, and depend only on seed and position."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from aigc_tf.data.music.excerpts import ExcerptSource, notes_of_pieces, places
from aigc_tf.data.music.made_up import made_up_pieces
from aigc_tf.data.music.opening import open_excerpts
from aigc_tf.data.music.piece import FIRST, HOLD, Piece
from aigc_tf.data.music.source import MusicSplit
from aigc_tf.errors import InputError
from aigc_tf.recipes.music_vae import MusicVAE
from aigc_tf.recipes.pieces import VOICES, ExcerptSettings

PIECES = made_up_pieces(VOICES)


@pytest.fixture(scope="module")
def source() -> ExcerptSource:
    return open_excerpts(MusicVAE(music=ExcerptSettings(bars=2)), PIECES[:60])


def test_an_excerpt_begins_with_every_bar_that_is_far_enough_from_the_end():
    four = Piece(PIECES[0].cells[:70], 16, pickup=4)
    three = Piece(PIECES[1].cells[:60], 12)
    found = places(MusicSplit([four, three], np.zeros(2, np.uint64)), 32)
    assert found.tolist() == [[0, 4], [0, 20], [0, 36]]


def test_notes_say_what_sounds_and_for_how_long():
    piece = PIECES[0].part(6, 16)
    (notes,) = notes_of_pieces([piece])
    assert notes.shape == (16, 4, 2) and (notes[0, :, 1] == 0).all()
    cells = np.where(notes[..., 1] == 0, notes[..., 0], HOLD)
    np.testing.assert_array_equal(cells, piece.cells)


def test_training_excerpts_are_those_of_the_pieces_in_some_key(source: ExcerptSource):
    batch = next(iter(source.batches(8, seed=3)))["notes"].numpy()
    assert batch.shape == (8, 32, 4, 2)
    np.testing.assert_array_equal(next(iter(source.batches(8, seed=3)))["notes"].numpy(), batch)
    assert not np.array_equal(next(iter(source.batches(8, seed=4)))["notes"].numpy(), batch)
    known = notes_of_pieces(source.inputs("train", source.count))
    for notes in batch:
        moved = notes[..., 0] - known[..., 0]
        one_key = (moved == moved[:, :1, :1]).all(axis=(1, 2)) & (notes[..., 1] == known[..., 1]).all(axis=(1, 2))
        assert one_key.any()
        sounding = notes[..., 0][notes[..., 0] >= FIRST]
        assert sounding.min() >= source.ranges[:, 0].min() and sounding.max() <= source.ranges[:, 1].max()


def test_parts_without_excerpts_are_refused():
    three = [dataclasses.replace(piece, bar=12) for piece in PIECES[:40]]
    with pytest.raises(InputError, match="no piece of 2 bars of four quarters in its train part"):
        open_excerpts(MusicVAE(), three)


def test_what_is_recorded_counts_excerpts(source: ExcerptSource):
    facts = source.describe()
    assert facts["train excerpts"] == source.count == 7 * facts["training pieces"]
    assert facts["bars of an excerpt"] == 2
