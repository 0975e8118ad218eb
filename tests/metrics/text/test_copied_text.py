"""Memorisation in generated text, by hashes and by definition."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_tf.data.text.opening import open_source
from aigc_tf.data.text.source import TextSource
from aigc_tf.metrics.text.copied_text import HELD_OUT, SAMPLE_SYMBOLS, Copies, copies, held_out_texts, text_of
from aigc_tf.recipes.char_rnn import CharRNN
from aigc_tf.recipes.text import TextSettings
from tests.metrics.reports import report_of

STORY = "".join(f"line {number} of a story about {'cats' if number % 3 else 'dogs'}\n" for number in range(300))
letters = st.text("ab", max_size=40)


def longest_by_definition(texts: list[str], training_text: str) -> int:
    pieces = [text[i:j] for text in texts for i in range(len(text)) for j in range(i + 1, len(text) + 1)]
    return max((len(piece) for piece in pieces if piece in training_text), default=0)


def share_by_definition(texts: list[str], training_text: str, span: int) -> float:
    found = [text[i : i + span] in training_text for text in texts for i in range(len(text) - span + 1)]
    return float(np.mean(found)) if found else 0.0


@given(st.lists(letters, max_size=3), letters, st.integers(1, 6))
def test_copies_are_those_of_the_definition(texts: list[str], training_text: str, span: int) -> None:
    share, longest = copies(texts, training_text, span)
    assert share == pytest.approx(share_by_definition(texts, training_text, span))
    assert longest == longest_by_definition(texts, training_text)


def test_a_copied_sentence_in_a_long_text_is_found() -> None:
    random = np.random.default_rng(0)
    training_text = "".join(map(chr, random.integers(97, 123, 100_000)))
    text = "NEW " + training_text[5000:5077] + " NEW"
    assert copies([text, "other"], training_text)[1] == 77
    assert copies([text], training_text)[0] == pytest.approx(28 / 36)


class Writing:
    """A "model" that returns given texts."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.asked: list[tuple[int, int, int]] = []

    def generate(self, count: int, seed: int = 0, condition: None = None, tokens: int = 0) -> list[str]:
        self.asked.append((count, seed, tokens))
        return [self.texts[index % len(self.texts)] for index in range(count)]


def source_of(lines: bool) -> tuple[CharRNN, TextSource]:
    tiny = CharRNN.tiny()
    recipe = dataclasses.replace(tiny, text=TextSettings(length=60, lines=lines))
    return recipe, open_source(recipe, STORY)


@pytest.mark.parametrize("lines", [False, True], ids=["stream", "lines"])
def test_what_is_written_stands_beside_held_out_text(lines: bool) -> None:
    recipe, source = source_of(lines)
    model = Writing([text_of(source.train, source)[40:140], "x" * 50])
    report = report_of(Copies(), model, source, recipe, samples=10, seed=3)
    assert model.asked == [(10, 3, 60 if lines else 200)]
    assert report["copied_share"] == pytest.approx(51 / 52) and report["longest_copy"] == 100
    beside = report["baselines"]
    assert beside["copied_share"] == {HELD_OUT: report["copied_share_of_held_out_text"]}
    assert 0 < beside["longest_copy"][HELD_OUT] < 100
    assert report["better"]["copied_share"] == "neither"


def test_at_most_a_hundred_texts_are_written() -> None:
    recipe, source = source_of(lines=False)
    model = Writing(["nothing that stands there"])
    assert report_of(Copies(), model, source, recipe)["copied_share"] == 0.0
    assert model.asked == [(100, 0, 200)]


def test_held_out_pieces_are_as_many_symbols_as_generated_texts() -> None:
    """With words of several characters."""
    recipe = dataclasses.replace(CharRNN.tiny(), text=TextSettings(length=60, unit="word"))
    source = open_source(recipe, STORY)
    pieces = held_out_texts(source, "train", 7)
    assert len(pieces) == 7 and {len(source.vocabulary.encode(piece)) for piece in pieces} == {SAMPLE_SYMBOLS}
    text = source.vocabulary.decode(source.train.tokens[1:])
    assert text.startswith(pieces[0]) and text.endswith(pieces[-1])
    assert len(held_out_texts(source, "validation", 1)[0]) > SAMPLE_SYMBOLS


def test_held_out_text_is_of_the_part_that_was_asked_for() -> None:
    recipe, source = source_of(lines=True)
    train = report_of(Copies(), Writing(["a"]), source, recipe, samples=20, part="train")
    longest = max(len(line) for line in source.inputs("train", 20))
    assert train["baselines"]["longest_copy"][HELD_OUT] >= longest
