"""The n-gram model: a tiny corpus by hand, normalisation, and the definition."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_tf.data.text.order import windows_of
from aigc_tf.metrics.text.ngram import NGram, joined, nats_of

tokens_of = st.lists(st.integers(0, 3), min_size=1, max_size=60)


def probability(text: list[int], context: list[int], symbol: int, symbols: int, order: int) -> float:
    """Interpolated Witten-Bell smoothing by definition (Chen & Goodman 1998, eqs. 15 and 16)."""
    context = context[max(0, len(context) - (order - 1)) :]
    length = len(context) + 1
    grams = [tuple(text[at : at + length]) for at in range(len(text) - length + 1)]
    behind = Counter(gram[-1] for gram in grams if list(gram[:-1]) == context)
    lower = 1 / symbols if not context else probability(text, context[1:], symbol, symbols, order)
    if not behind:
        return lower
    return (behind[symbol] + len(behind) * lower) / (behind.total() + len(behind))


@given(tokens_of, st.lists(st.integers(0, 4), min_size=2, max_size=8), st.integers(1, 5))
def test_probabilities_are_those_of_the_definition(text: list[int], row: list[int], order: int) -> None:
    found = NGram(np.array(text), 5, order).nats(np.array([row]))[0]
    expected = [probability(text, row[:at], row[at], 5, order) for at in range(1, len(row))]
    np.testing.assert_allclose(np.exp(-found), expected, rtol=1e-10)


@given(tokens_of, st.lists(st.integers(0, 4), min_size=1, max_size=6), st.integers(1, 5))
def test_probabilities_sum_to_one(text: list[int], context: list[int], order: int) -> None:
    model = NGram(np.array(text), 5, order)
    rows = np.array([[*context, symbol] for symbol in range(5)])
    assert np.exp(-model.nats(rows)[:, -1]).sum() == pytest.approx(1)


def test_a_tiny_corpus_by_hand() -> None:
    """a b a b a a: unigrams a 4, b 2; after a: b twice, a once; after b: a twice."""
    model = NGram(np.array([0, 1, 0, 1, 0, 0]), 3, 2)
    a, b, never = [(count + 2 / 3) / 8 for count in (4, 2, 0)]
    found = np.exp(-model.nats(np.array([[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [2, 0]]))[:, 0])
    expected = [(1 + 2 * a) / 5, (2 + 2 * b) / 5, 2 * never / 5, (2 + a) / 3, b / 3, a]
    np.testing.assert_allclose(found, expected)


def test_padding_is_not_counted_and_rows_stand_by_themselves() -> None:
    model = NGram(np.array([0, 1, 2, 0, 1, 2, 0, 1]), 4, 3)
    padded = np.array([[0, 1, 2, 0], [1, 2, -1, -1]])
    nats = nats_of(model, [padded])
    alone = [model.nats(np.array([[0, 1, 2, 0]]))[0], model.nats(np.array([[1, 2]]))[0]]
    np.testing.assert_allclose(nats, np.concatenate(alone))


def test_joined_batches_have_the_context_of_the_whole_text() -> None:
    tokens = np.random.default_rng(0).integers(0, 4, 2001).astype(np.int32)
    model = NGram(tokens, 4, 3)
    one_row = nats_of(model, joined([tokens[None, :11], tokens[None, 10:30], tokens[None, 29:]]))
    np.testing.assert_allclose(one_row, model.nats(tokens[None])[0])
    assert len(nats_of(model, joined(list(windows_of(tokens, 7, 10**9))))) == 2000


def test_a_periodic_text_costs_next_to_nothing() -> None:
    text = np.tile([1, 2, 3, 2], 500)
    assert NGram(text, 4, 5).nats(text[None, :200]).mean() < 0.03
    assert NGram(text, 4, 1).nats(text[None, :200]).mean() == pytest.approx(1.5 * math.log(2), abs=0.02)
