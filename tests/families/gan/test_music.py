"""The GAN of piano rolls: encoding and decoding excerpts, and training."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import aigc_tf
from aigc_tf.data.music.excerpts import notes_of_pieces
from aigc_tf.data.music.made_up import made_up_pieces
from aigc_tf.data.music.piece import HOLD, REST, Piece, symbol_of
from aigc_tf.data.music.rolls import left_out, pieces_of, rolls_of
from aigc_tf.families.gan.music import MusicGAN
from aigc_tf.recipes.music_gan import MusicGAN as Recipe
from aigc_tf.recipes.pieces import VOICES, ExcerptSettings

PIECES = [piece.part(0, 16) for piece in made_up_pieces(VOICES)[:20]]
RECIPE = Recipe.tiny()


def test_a_roll_gives_back_its_excerpt_with_rests_and_repeated_notes():
    cells = PIECES[0].cells.copy()
    cells[4:, 1], cells[4, 1], cells[9, 1] = HOLD, REST, symbol_of(60)
    cells[12, 1] = symbol_of(60)  # repeated
    pieces = [Piece(cells), *PIECES]
    rolls = rolls_of(notes_of_pieces(pieces), RECIPE).numpy()
    assert rolls.shape == (21, 16, 48, 8) and set(np.unique(rolls)) == {-1.0, 1.0}
    assert (rolls[..., ::2].max(axis=2) >= rolls[..., 1::2].max(axis=2)).all()
    assert pieces_of(rolls * 0.5 + 0.5, RECIPE) == pieces


def test_each_voice_has_its_brightest_pitch_and_rests_where_none_is_bright():
    roll = np.full((1, 16, 48, 8), 0.1)
    roll[0, :8, 30, 0], roll[0, :8, 20, 0] = 0.9, 0.8
    (piece,) = pieces_of(roll, RECIPE)
    assert piece.cells[0].tolist() == [symbol_of(66), REST, REST, REST]
    assert piece.cells[1:8, 0].tolist() == [HOLD] * 7 and piece.cells[8, 0] == REST


def test_notes_beyond_the_roll_are_left_out_and_counted():
    high = Piece(np.array([[symbol_of(90)], [HOLD], [symbol_of(60)], [HOLD]] * 4, np.int16))
    recipe = dataclasses.replace(RECIPE, music=ExcerptSettings(bars=1, voices=("tune",)))
    (line,) = left_out([high], recipe)
    assert line.startswith("left out: 4 of 8 notes, 50.0%, beyond the pitches 36 to 83 of the rolls")
    assert left_out([high.transposed(-24)], recipe) == []
    (piece,) = pieces_of(rolls_of(notes_of_pieces([high]), recipe).numpy() * 0.5 + 0.5, recipe)
    assert piece.cells[:4, 0].tolist() == [REST, HOLD, symbol_of(60), HOLD]


def test_pitches_that_no_piano_has_are_refused():
    with pytest.raises(ValueError, match="the highest pitch would be 123"):
        Recipe(lowest=76)


def test_a_step_moves_both_players_and_samples_are_excerpts():
    model = aigc_tf.create(RECIPE)
    assert isinstance(model, MusicGAN)
    before = [weight.numpy() for weight in model.trainable_variables]
    logs = model.train_step({"notes": notes_of_pieces(PIECES[:4])})
    assert all(np.isfinite(float(value)) for value in logs.values())
    moved = [not np.array_equal(old, new) for old, new in zip(before, model.trainable_variables, strict=True)]
    assert sum(moved) > 0.8 * len(moved)
    made = model.generate(3, seed=1)
    assert [piece.cells.shape for piece in made] == [(16, 4)] * 3 and (made[0].cells[0] != HOLD).all()
    assert model.gives.numbers(made).shape == (3, 16, 4)
