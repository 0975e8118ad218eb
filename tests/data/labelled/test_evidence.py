"""Naive Bayes over tokens and bigrams: closed form, EM on unlabelled texts, out-of-fold sums."""

from __future__ import annotations

import numpy as np
import pytest

from aigc_tf.data.labelled.evidence import Evidence, calibrated_evidence, learn_evidence, pair_places, sums_of
from aigc_tf.errors import InputError

PLACES = 997


def rows_of(*texts: list[int]) -> list[np.ndarray]:
    return [np.array([0, *text], np.int32) for text in texts]


def test_it_is_the_log_ratio_of_the_counts():
    """Token 2 occurs in three texts of class 0 and one of class 1, token 3 in two of class 1 (twice in one)."""
    rows, labels = rows_of([2], [2], [2], [2, 3], [3, 3], [4]), np.array([0, 0, 0, 1, 1, 1], np.int32)
    (found,) = learn_evidence(rows, labels, 2, 5, PLACES, labels < 0)
    pairs = len(np.unique(np.concatenate([pair_places(row, PLACES) for row in rows])))
    assert pairs == 5
    # Features in at least two texts: in class 0 three texts with 2 and three with (start, 2), in class 1 one each, and
    # two with 3; plus one for each of the 5 + 997 features.
    totals = np.array([6, 4]) + 5 + PLACES
    logs = np.log(np.array([[4, 2], [1, 3]])) - np.log(totals)
    expected = logs - logs.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(found.symbols[2:4], expected, atol=1e-6)
    assert not found.symbols[[0, 1, 4]].any(), "what one text alone has says nothing"
    assert (found.pairs != 0).any(axis=1).sum() == 1


def made_up(random: np.random.Generator, count: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Texts of eight words; for each class, forty words are six times as frequent as in the other."""
    labels = random.integers(0, 2, count)
    shares = np.ones((2, 200))
    shares[0, :40] = shares[1, 40:80] = 6
    shares /= shares.sum(axis=1, keepdims=True)
    return rows_of(*(2 + random.choice(200, 8, p=shares[label]) for label in labels)), labels.astype(np.int32)


def test_texts_without_a_label_help():
    rows, labels = made_up(np.random.default_rng(0), 3000)
    few = np.where(np.arange(3000) < 30, labels, -1).astype(np.int32)
    few[2000:] = -1

    def right(guessed: np.ndarray) -> float:
        *_, found = learn_evidence(rows, few, 2, 202, PLACES, guessed)
        return float(np.mean(sums_of(found, rows[2000:]).argmax(axis=1) == labels[2000:]))

    alone, helped = right(np.zeros(3000, bool)), right((few < 0) & (np.arange(3000) < 2000))
    assert helped > alone + 0.05


def test_sums_of_training_texts_are_as_honest_as_those_of_new_ones():
    """Without folds, texts that were counted themselves are almost always classified correctly."""
    rows, labels = made_up(np.random.default_rng(1), 800)
    evidence, unseen = calibrated_evidence(rows[:400], labels[:400], 2, 202, PLACES)
    new, known = sums_of(evidence, rows[400:]), sums_of(evidence, rows[:400])

    def right(sums: np.ndarray, truth: np.ndarray) -> float:
        return float(np.mean(sums.argmax(axis=1) == truth))

    honest = right(new, labels[400:])
    assert abs(right(unseen, labels[:400]) - honest) < 0.06 < right(known, labels[:400]) - honest
    # Its sums are calibrated logits.
    sure = 1 / (1 + np.exp(-np.abs(new[:, 0] - new[:, 1])))
    assert sure.mean() == pytest.approx(honest, abs=0.05)


def test_a_single_label_of_a_class_is_enough():
    rows, labels = made_up(np.random.default_rng(2), 100)
    few = np.full(100, -1, np.int32)
    few[[int(np.flatnonzero(labels == label)[0]) for label in (0, 1)]] = 0, 1
    evidence, unseen = calibrated_evidence(rows, few, 2, 202, PLACES)
    assert np.isfinite(evidence.symbols).all() and not unseen.any()
    nothing, _ = calibrated_evidence(rows, labels, 2, 202, 0)
    assert not nothing.symbols.any() and nothing.pairs.shape == (1, 2)


def test_it_reads_back_what_it_writes():
    random = np.random.default_rng(0)
    evidence = Evidence(*(random.normal(size=(size, 3)).astype("float16").astype("float32") for size in (7, 11)))
    again = Evidence.from_json(evidence.to_json())
    np.testing.assert_array_equal(again.symbols, evidence.symbols)
    np.testing.assert_array_equal(again.pairs, evidence.pairs)
    for wrong in ("{}", "[]", '{"symbols": {"shape": [2, 2], "float16": "AAAA"}, "pairs": 1}'):
        with pytest.raises(InputError, match=r"evidence.json is not the evidence"):
            Evidence.from_json(wrong)
