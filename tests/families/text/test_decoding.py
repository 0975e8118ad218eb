"""Sampling of tokens from given distributions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from aigc_tf.errors import InputError
from aigc_tf.families.text.decoding import (
    Decoding,
    beam_search,
    choose,
    keep_min_p,
    keep_top_k,
    keep_top_p,
    log_softmax,
    penalise_repetition,
    softmax,
)

PROBABILITIES = np.array([0.4, 0.1, 0.3, 0.2])
LOGITS = np.log(PROBABILITIES) + 7  # a constant changes nothing
rows = arrays(np.float64, (3, 6), elements=st.floats(-50, 50))
NOTHING_WRITTEN = np.zeros((1, 4), bool)


def test_temperatures_near_0_take_the_likeliest() -> None:
    for temperature in (1e-320, 1e-300, 1e-30):
        chosen = choose(LOGITS[None], Decoding(temperature=temperature), NOTHING_WRITTEN, np.array([0.999]))
        assert chosen.tolist() == [0]
    forbidden = np.array([[-np.inf, 0, 1e30, 1e30]])
    chosen = choose(forbidden, Decoding(temperature=1e300), NOTHING_WRITTEN, np.array([0.999]))
    assert chosen.tolist() == [3]


def kept(filtered: np.ndarray) -> list[int]:
    return np.flatnonzero(np.isfinite(filtered)).tolist()


@pytest.mark.parametrize(
    ("k", "expected"), [(1, [0]), (2, [0, 2]), (3, [0, 2, 3]), (4, [0, 1, 2, 3]), (9, [0, 1, 2, 3])]
)
def test_top_k(k: int, expected: list[int]) -> None:
    assert kept(keep_top_k(LOGITS, k)) == expected


def test_top_k_breaks_ties_by_number() -> None:
    assert kept(keep_top_k(np.array([1.0, 2.0, 2.0, 2.0]), 2)) == [1, 2]


@pytest.mark.parametrize(
    ("p", "expected"), [(0.1, [0]), (0.4, [0]), (0.41, [0, 2]), (0.75, [0, 2, 3]), (0.95, [0, 1, 2, 3])]
)
def test_top_p(p: float, expected: list[int]) -> None:
    assert kept(keep_top_p(LOGITS, p - 1e-9)) == expected


@pytest.mark.parametrize(("p", "expected"), [(0.9, [0]), (0.7, [0, 2]), (0.49, [0, 2, 3]), (0.24, [0, 1, 2, 3])])
def test_min_p(p: float, expected: list[int]) -> None:
    assert kept(keep_min_p(LOGITS, p)) == expected


@given(rows, st.floats(0.01, 0.99), st.integers(1, 6))
def test_filters_change_no_logit_that_they_keep_and_keep_the_likeliest(logits: np.ndarray, p: float, k: int) -> None:
    for filtered in (keep_top_k(logits, k), keep_top_p(logits, p), keep_min_p(logits, p)):
        assert (np.isneginf(filtered) | (filtered == logits)).all()
        assert (filtered.max(axis=-1) == logits.max(axis=-1)).all()


@given(rows)
def test_probabilities_add_up_and_agree_with_their_logarithms(logits: np.ndarray) -> None:
    np.testing.assert_allclose(softmax(logits).sum(axis=-1), 1)
    np.testing.assert_allclose(np.exp(log_softmax(logits)), softmax(logits), atol=1e-12)


def test_written_symbols_become_less_likely_whatever_their_sign() -> None:
    logits = np.array([2.0, -2.0, 2.0, -2.0])
    written = np.array([True, True, False, False])
    assert penalise_repetition(logits, written, 2.0).tolist() == [1.0, -4.0, 2.0, -2.0]


@pytest.mark.parametrize(
    ("decoding", "expected"),
    [
        (Decoding(), PROBABILITIES),
        (Decoding(temperature=0.5), PROBABILITIES**2 / (PROBABILITIES**2).sum()),
        (Decoding(top_k=2), np.array([4, 0, 3, 0]) / 7),
        (Decoding(top_p=0.6), np.array([4, 0, 3, 0]) / 7),
        (Decoding(min_p=0.45), np.array([4, 0, 3, 2]) / 9),
        (Decoding(temperature=0), np.array([1, 0, 0, 0])),
        (Decoding(temperature=0.5, top_k=3, top_p=0.8), np.array([16, 0, 9, 0]) / 25),
    ],
)
def test_symbols_are_drawn_with_the_probabilities_that_are_left(decoding: Decoding, expected: np.ndarray) -> None:
    uniform = (np.arange(10_000) + 0.5) / 10_000
    logits = np.tile(LOGITS, (len(uniform), 1))
    chosen = choose(logits, decoding, np.zeros(logits.shape, bool), uniform)
    np.testing.assert_allclose(np.bincount(chosen, minlength=4) / len(chosen), expected, atol=2e-4)


@pytest.mark.parametrize("uniform", [0.0, np.nextafter(1, 0)])
def test_what_is_ruled_out_is_not_chosen_at_the_borders(uniform: float) -> None:
    logits = np.array([[-np.inf, 0.0, 0.0, -np.inf]])
    assert choose(logits, Decoding(), NOTHING_WRITTEN, np.array([uniform]))[0] in (1, 2)


def test_repetition_is_penalised_before_the_likeliest_is_taken() -> None:
    decoding = Decoding(temperature=0, repetition_penalty=1.2)
    logits, written = np.array([[2.0, 1.9, 0.0, 0.0]]), np.array([[True, False, False, False]])
    assert choose(logits, decoding, written, np.zeros(1)).tolist() == [1]


@pytest.mark.parametrize("fields", [{"temperature": -1.0}, {"top_p": 0.0}, {"top_k": -1}, {"min_p": 1.0}, {"beams": 0}])
def test_numbers_out_of_range_are_refused(fields: dict) -> None:
    with pytest.raises(InputError):
        Decoding(**fields)


def test_beam_search_draws_nothing() -> None:
    with pytest.raises(InputError, match="leave the other decoding options out"):
        Decoding(beams=4, temperature=0.5)


def markov(seed: int, symbols: int = 4) -> np.ndarray:
    """Logits of a first-order Markov chain, `[symbols, symbols]`."""
    return np.random.default_rng(seed).normal(size=(symbols, symbols)) * 2


def search(chain: np.ndarray, beams: int, tokens: int, end: int | None) -> list[int]:
    texts = [[0]]

    def advance(parents: np.ndarray, symbols: np.ndarray) -> np.ndarray:
        nonlocal texts
        texts = [[*texts[parent], int(symbol)] for parent, symbol in zip(parents, symbols, strict=True)]
        return chain[[text[-1] for text in texts]]

    return beam_search(chain[:1], advance, beams, tokens, end)[0]


@pytest.mark.parametrize("seed", range(10))
def test_a_wide_beam_finds_the_likeliest_text(seed: int) -> None:
    chain, tokens = markov(seed), 4
    log_p = log_softmax(chain)

    def total(text: tuple[int, ...]) -> float:
        return sum(log_p[before, symbol] for before, symbol in itertools.pairwise((0, *text)))

    best = max(itertools.product(range(4), repeat=tokens), key=total)
    assert tuple(search(chain, 4**tokens, tokens, end=None)) == best


@pytest.mark.parametrize("seed", range(10))
def test_finished_texts_compete_by_their_mean(seed: int) -> None:
    chain, tokens, end = markov(seed), 4, 3
    log_p = log_softmax(chain)
    scores = {}
    for length in range(1, tokens + 1):
        for text in itertools.product(range(3), repeat=length):
            score = sum(log_p[before, symbol] for before, symbol in itertools.pairwise((0, *text)))
            if length == tokens:
                scores[text] = score / length
            if length < tokens:
                scores[(*text, end)] = (score + log_p[text[-1], end]) / (length + 1)
    scores[(end,)] = log_p[0, end]
    best = max(scores, key=lambda text: scores[text])
    assert search(chain, 200, tokens, end) == [symbol for symbol in best if symbol != end]


def test_one_beam_is_greedy() -> None:
    chain = markov(5)
    greedy, state = [], 0
    for _ in range(6):
        state = int(chain[state].argmax())
        greedy.append(state)
    assert search(chain, 1, 6, end=None) == greedy
