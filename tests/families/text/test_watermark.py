"""Text watermarks: detected with their key, at chance level with any other."""

from __future__ import annotations

import numpy as np
import pytest

from aigc_tf.families.text.decoding import choose
from aigc_tf.families.text.watermark import CONTEXT, FOUND, SHARE, STRENGTH, count_green, green
from aigc_tf.families.text.writing import favoured
from aigc_tf.recipes.options import Decoding

SYMBOLS = 40


def written(key: str, length: int, seed: int, spread: float = 1.0) -> list[int]:
    """A text generated from random logits: with a deviation of 1 about 3.2 nats per token."""
    random = np.random.default_rng(seed)
    text = [0] * CONTEXT
    for _ in range(length):
        logits = random.normal(0, spread, (1, SYMBOLS))
        if key:
            logits = favoured(logits, key, np.array([text]))
        text.append(int(choose(logits, Decoding(), np.zeros((1, SYMBOLS), bool), random.random(1))[0]))
    return text


def test_half_of_the_symbols_are_green_and_others_after_each_text():
    first, again, other, another = (
        green(key, before, SYMBOLS) for key, before in (("k", [1, 2]), ("k", [1, 2]), ("k", [2, 1]), ("l", [1, 2]))
    )
    assert (first == again).all() and first.sum() == SHARE * SYMBOLS
    assert (first != other).any() and (first != another).any()
    assert (green("k", [9, 1, 2, 3, 4], SYMBOLS) == green("k", [8, 1, 2, 3, 4], SYMBOLS)).all()


def test_green_logits_are_raised():
    raised = favoured(np.zeros((2, SYMBOLS), np.float32), "k", np.array([[1, 2], [2, 1]]))
    np.testing.assert_array_equal(raised, [STRENGTH * green("k", text, SYMBOLS) for text in ([1, 2], [2, 1])])


def test_two_hundred_symbols_show_it():
    marked = [count_green(written("k", 200, seed), "k", SYMBOLS).z for seed in range(10)]
    assert min(marked) > FOUND


def test_without_the_key_it_is_chance():
    """Equation 3: z has mean 0 and standard deviation 1."""
    texts = [written("", 150, seed) for seed in range(60)] + [written("another", 150, seed) for seed in range(60)]
    found = np.array([count_green(text, "k", SYMBOLS).z for text in texts])
    assert abs(found.mean()) < 0.35 and 0.8 < found.std() < 1.2 and found.max() < FOUND


def test_what_repeats_is_counted_once():
    text = written("k", 30, 0)
    once, often = count_green(text * 2, "k", SYMBOLS), count_green(text * 20, "k", SYMBOLS)
    assert once.symbols == often.symbols and once.z == pytest.approx(often.z)
    assert count_green([1, 2], "k", SYMBOLS) == (0.0, 0, 0)
