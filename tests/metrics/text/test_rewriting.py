"""Metrics of generated texts: by hand where possible, and baselines in the report."""

from __future__ import annotations

import numpy as np
import pytest

from aigc_tf.data.pairs.files import Pair
from aigc_tf.data.text.words import words
from aigc_tf.metrics.evaluator import Figure
from aigc_tf.metrics.text.ibm1 import WordTranslation
from aigc_tf.metrics.text.likeness import bleu, rouge
from aigc_tf.metrics.text.rewriting import _winners, copied
from aigc_tf.metrics.text.simple_writers import METHODS, is_spaced

REFERENCES = ["the cat sat on the mat", "a dog barks at night"]


def test_rouge_by_hand():
    found = rouge(["the cat sat", "nothing else here"], REFERENCES)
    # Precision 1, recall 3/6 of words and 2/5 of bigrams for the first text; 0 for the second.
    assert found.figures["rouge_1"] == pytest.approx(100 * (2 * 0.5 / 1.5) / 2)
    assert found.figures["rouge_2"] == pytest.approx(100 * (2 * 0.4 / 1.4) / 2)
    assert found.figures["rouge_l"] == pytest.approx(found.figures["rouge_1"])
    low, high = found.intervals["rouge_1"]
    assert low == 0 and high == pytest.approx(100 * 2 / 3)
    assert rouge(["the cats sat"], ["the cat sits"]).figures["rouge_1"] > 66  # stems


def test_rouge_of_chinese_is_over_characters():
    found = rouge(["今天很冷"], ["昨天很热"])
    assert found.figures["rouge_1"] == pytest.approx(50) and "characters" in found.protocol


def test_bleu_of_what_is_the_same_and_of_chinese():
    same = bleu(REFERENCES, REFERENCES)
    assert same.figures["bleu"] == pytest.approx(100) and same.figures["chrf"] == pytest.approx(100)
    assert same.intervals["bleu"] == pytest.approx((100, 100))
    chinese = bleu(["今天的天气非常冷。"], ["今天的天气非常热。"])
    assert "zh" in chinese.protocol and 30 < chinese.figures["bleu"] < 80


def test_the_interval_of_bleu_holds_its_figure():
    random = np.random.default_rng(0)
    letters = [" ".join(random.choice([*"abcdefgh"], 12)) for _ in range(60)]
    changed = [text.replace("a b", "b a").replace("c", "d", 1) for text in letters]
    found = bleu(changed, letters)
    for name in ("bleu", "chrf"):
        low, high = found.intervals[name]
        assert 0 < low < found.figures[name] < high < 100
        assert high - low < 20


def test_copied_pairs_of_words():
    assert copied(["A b c", "x y"], ["z a b c", "y x"]) == pytest.approx(2 / 3)
    assert copied(["one"], ["one"]) == 0


def test_simple_methods():
    pairs = [Pair("the red house", "das rote Haus"), Pair("the blue car", "das blaue Auto")]
    sources = ["My blue car is fast! It runs.", "e.g. no end"]
    assert METHODS["first_sentence"].write(pairs, sources) == ["My blue car is fast!", "e.g."]
    long = " ".join(map(str, range(20)))
    assert METHODS["first_words"].write(pairs, [long]) == [" ".join(map(str, range(12)))]
    assert METHODS["nearest"].write(pairs, sources[:1]) == ["das blaue Auto"]


def test_model_1_finds_which_word_stands_for_which():
    """Brown's example: from whole sentences only, without single-word pairs."""
    pairs = [("the house", "das Haus"), ("the book", "das Buch"), ("a book", "ein Buch"), ("a house", "ein Haus")]
    table = WordTranslation([one.split() for one, _ in pairs], [other.split() for _, other in pairs])
    assert table.gloss(["the", "book", "a", "house", "strange"]) == ["das", "Buch", "ein", "Haus"]
    assert METHODS["ibm1"].write([Pair(*pair) for pair in pairs], ["A Book"]) == ["ein Buch"]
    assert WordTranslation([], []).gloss(["a"]) == []


def test_chinese_is_told_from_languages_with_spaces():
    assert words("我2天 a-b") == ["我", "2", "天", "a", "-", "b"]
    assert is_spaced("Hello there") and not is_spaced("今天 is 很冷的一天") and is_spaced("")


def test_methods_that_are_better_are_named():
    figures = {"a": Figure(3.0, "higher", {"x": 4.0, "y": 2.0}), "b": Figure(3.0, "higher", {"x": 1.0})}
    assert _winners(figures) == "a of x"
