"""Self-BLEU by hand, and the distance of quality-diversity curves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from aigc_tf.metrics.text.ngram import NGram
from aigc_tf.metrics.text.quality_diversity import gain, point
from aigc_tf.metrics.text.self_bleu import self_bleu


def test_texts_that_are_all_the_same_have_self_bleu_1():
    assert self_bleu(["the cat sat on the mat"] * 3) == pytest.approx(1)
    assert self_bleu([]) == self_bleu(["alone"]) == 1


def test_two_texts_by_hand():
    """abcd and abce: unigrams 3/4, bigrams 2/3, trigrams 1/2, 4-grams 0/1, smoothed to 1/10; equal lengths."""
    logs = [math.log(value) for value in (3 / 4, 2 / 3, 1 / 2, 0.1)]
    assert self_bleu(["abcd", "abce"]) == pytest.approx(math.exp(sum(logs) / 4))


def test_counts_are_clipped_and_short_texts_are_punished():
    """aaa and a: aaa matches 1 of 3 unigrams, no bigrams or trigram; a matches fully, with penalty exp(1 - 3)."""
    long = math.exp(sum(math.log(value) for value in (1 / 3, 0.1 / 2, 0.1)) / 3)
    assert self_bleu(["aaa", "a"]) == pytest.approx((long + math.exp(1 - 3)) / 2)


def test_the_more_alike_the_higher():
    random = np.random.default_rng(0)
    narrow, wide = (["".join(random.choice(list(letters), 12)) for _ in range(40)] for letters in ("ab", "abcdefgh"))
    assert self_bleu(narrow) > self_bleu(wide) + 0.2


def test_the_gain_is_the_vertical_distance_where_both_curves_go():
    other = [(1.0, 0.8), (2.0, 0.4), (3.0, 0.2)]
    assert gain(other, other) == pytest.approx(0)
    assert gain([(nats - 0.3, place) for nats, place in other], other) == pytest.approx(0.3)
    assert gain([(1.7, 0.6)], other) == pytest.approx(-0.2), "half-way between 1.0 and 2.0"
    assert gain([(0.1, 0.9)], other) == 0


def test_a_point_is_read_off_the_lines_without_padding():
    lines = np.array([[0, 2, 3, 0, -1], [0, 3, 2, 3, 0]], np.int32)
    judge = NGram(np.array([0, 2, 3, 0, 3, 2, 0]), 4, 2)
    nats, likeness = point(judge, lines)
    real = [judge.nats(lines)[0, :3], judge.nats(lines)[1]]
    assert nats == pytest.approx(np.concatenate(real).mean())
    assert likeness == pytest.approx(self_bleu([[2, 3], [3, 2, 3]]))
