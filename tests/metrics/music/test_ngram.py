"""The n-gram baselines of music are normalised, and learn local dependencies."""

from __future__ import annotations

import dataclasses

import numpy as np

from aigc_tf.data.music.made_up import made_up_pieces
from aigc_tf.data.music.piece import FIRST, SYMBOLS, Piece
from aigc_tf.metrics.music.ngram import BackOff, RepeatTheLast
from aigc_tf.recipes.pieces import VOICES

PIECES = made_up_pieces(VOICES)


def with_cell(piece: Piece, step: int, voice: int, symbol: int) -> Piece:
    cells = piece.cells.copy()
    cells[step, voice] = symbol
    return dataclasses.replace(piece, cells=cells)


def test_probabilities_of_all_symbols_sum_to_one_at_most():
    """Slightly less than one for the n-gram: intervals beyond the pitch range have some probability."""
    for method in (RepeatTheLast(PIECES), BackOff(PIECES)):
        for step, voice in ((4, 0), (6, 2), (8, 3)):
            total = sum(
                np.exp(-method.nats(with_cell(PIECES[0], step, voice, symbol))[step, voice])
                for symbol in range(SYMBOLS)
            )
            assert 0.97 < total < 1 + 1e-9


def test_a_cell_knows_nothing_of_what_comes_after_it():
    method = BackOff(PIECES)
    before = method.nats(PIECES[0])
    after = method.nats(with_cell(PIECES[0], 20, 1, FIRST + 40))
    np.testing.assert_array_equal(after[:20], before[:20])
    assert after[20, 0] == before[20, 0] and after[20, 1] != before[20, 1]


def test_the_n_gram_is_the_same_in_every_key_but_for_the_first_notes():
    method = BackOff(PIECES)
    np.testing.assert_allclose(method.nats(PIECES[3].transposed(2))[1:], method.nats(PIECES[3])[1:])


def test_the_n_gram_is_better_than_repeating():
    known, new = PIECES[:90], PIECES[90:]
    repeat, ngram = (
        np.concatenate([method.nats(piece) for piece in new]).mean()
        for method in (RepeatTheLast(known), BackOff(known))
    )
    assert ngram < 0.6 * repeat
