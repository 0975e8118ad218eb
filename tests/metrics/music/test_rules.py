"""Counts of voice-leading errors match manual counts."""

from __future__ import annotations

import numpy as np
import pytest

from aigc_tf.data.music.made_up import made_up_pieces
from aigc_tf.data.music.piece import FIRST, HOLD, REST, SYMBOLS, Piece, symbol_of
from aigc_tf.data.music.voice_leading import parallel_symbols, parallels
from aigc_tf.metrics.music import rules
from aigc_tf.recipes.pieces import VOICES


def duet(*chords: tuple[int, int]) -> Piece:
    """Two voices with simultaneous quarter notes; 0 holds the note."""
    cells = np.full((4 * len(chords), 2), HOLD, np.int16)
    for quarter, chord in enumerate(chords):
        cells[4 * quarter] = [symbol_of(pitch) if pitch else HOLD for pitch in chord]
    return Piece(cells)


@pytest.mark.parametrize(
    ("piece", "found"),
    [
        (duet((67, 60), (69, 62)), (1, 0)),  # c-g to d-a
        (duet((72, 60), (74, 62), (76, 64)), (0, 2)),
        (duet((67, 60), (67, 60)), (0, 0)),  # repeated
        (duet((67, 60), (64, 62), (69, 62)), (0, 0)),
        (duet((72, 60), (62, 74)), (0, 0)),  # in contrary motion
        (duet((79, 60), (81, 62)), (1, 0)),  # a twelfth
        (duet((67, 60), (0, 62)), (0, 0)),  # one voice stays
    ],
)
def test_parallels(piece: Piece, found: tuple[int, int]):
    assert parallels(piece) == found
    assert rules.per_hundred_quarters(1, [piece]) == 400 / piece.steps


def test_symbols_that_make_a_parallel_are_those_that_are_counted():
    random = np.random.default_rng(0)
    near = np.array([HOLD, REST, *range(FIRST + 30, FIRST + 45)])
    for _ in range(200):
        before, cells = random.choice(near[1:], 3), random.choice(near, 3)
        voice = int(random.integers(3))
        others = [0 if other == voice else cells[other] for other in range(3)]

        def broken(symbol: int, others: list[int] = others, before: np.ndarray = before, voice: int = voice) -> int:
            step = [symbol if other == voice else cell for other, cell in enumerate(others)]
            return sum(parallels(Piece(np.array([before, step], np.int16))))

        counted = [broken(symbol) > broken(HOLD) for symbol in range(SYMBOLS)]
        np.testing.assert_array_equal(parallel_symbols(before[None], np.array([others]), voice)[0], counted)


def test_crossings_and_ranges():
    piece = duet((67, 60), (58, 60), (0, 0), (67, 60))
    assert rules.crossings(piece) == 0.5
    ranges = np.array([[symbol_of(60), symbol_of(80)], [symbol_of(40), symbol_of(60)]])
    assert rules.out_of_range(piece, ranges) == pytest.approx(1 / 6)


def test_histograms():
    piece = duet((64, 48), (67, 60))
    assert rules.pitch_classes([piece]).nonzero()[0].tolist() == [0, 4, 7]
    moves = rules.melodic_intervals([piece])
    assert moves[12 + 3] == moves[24] == 0.5
    assert rules.divergence(moves, moves) == 0
    assert rules.divergence(np.array([1.0, 0]), np.array([0, 1.0])) == pytest.approx(np.log(2))


def test_the_longest_copied_span_is_found_in_any_key():
    first, second = made_up_pieces(VOICES)[:2]
    spans = rules.Spans([first])
    assert spans.longest(first.transposed(2)) == first.steps - 1
    mixed = second.cells.copy()
    mixed[20:61] = first.transposed(1).cells[20:61]
    assert 36 <= spans.longest(Piece(mixed)) <= 44 > spans.longest(second)
