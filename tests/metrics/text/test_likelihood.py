"""Perplexity of held-out text, against n-grams."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

import aigc_tf
from aigc_tf.data.text import order as text_order
from aigc_tf.data.text.opening import open_source
from aigc_tf.data.text.order import windows_of
from aigc_tf.data.text.source import TextSource
from aigc_tf.data.text.split import PADDING
from aigc_tf.families.text.language_model import LanguageModel
from aigc_tf.metrics.text import likelihood as measures
from aigc_tf.metrics.text.likelihood import BitsPerCharacter, HeldOutText
from aigc_tf.metrics.text.ngram import NGram
from aigc_tf.recipes.char_rnn import CharRNN
from aigc_tf.recipes.gpt import GPT
from aigc_tf.recipes.text import TextSettings
from tests.metrics.reports import report_of

STORY = "".join(f"line {number} of a story about {'cats' if number % 3 else 'dogs'}\n" for number in range(300))


def model_and_source(recipe: CharRNN | GPT, data: str = STORY) -> tuple[LanguageModel, TextSource]:
    source = open_source(recipe, data)
    return aigc_tf.create(recipe, vocabulary=source.vocabulary), source


def make_uniform(model: LanguageModel) -> None:
    for weight in model.sequence.trainable_variables:
        weight.assign(0 * weight)


@pytest.mark.parametrize("unit", ["character", "byte", "word"])
def test_a_model_that_knows_nothing_needs_the_logarithm_of_the_vocabulary(unit: str) -> None:
    tiny = CharRNN.tiny()
    recipe = dataclasses.replace(tiny, text=dataclasses.replace(tiny.text, unit=unit))
    model, source = model_and_source(recipe)
    make_uniform(model)
    expected = source.test.symbols * math.log2(len(source.vocabulary)) / source.test.characters
    assert BitsPerCharacter().value(model, source, recipe, 10_000, "test") == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("settings", [{}, {"consecutive": True}, {"lines": True, "length": 60}])
def test_every_held_out_symbol_is_measured_once(settings: dict) -> None:
    tiny = CharRNN.tiny()
    recipe = dataclasses.replace(tiny, text=TextSettings(**{"length": 16} | settings))
    model, source = model_and_source(recipe)
    nats, symbols = measures.held_out_nats(model, source, 10_000, "test")
    assert sorted(symbols) == sorted(source.test.tokens[1:])
    assert len(symbols) == source.test.symbols == source.test.characters
    assert nats.shape == symbols.shape and np.isfinite(nats).all()


def test_a_state_is_carried_through_held_out_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Consecutive windows of 8 tokens give the result of one long window."""
    monkeypatch.setattr(text_order, "HELD_OUT_ROWS", 1)
    tiny = CharRNN.tiny()
    model, source = model_and_source(dataclasses.replace(tiny, text=TextSettings(length=8, consecutive=True)))
    carried, _ = measures.held_out_nats(model, source, 10_000, "test")
    long = dataclasses.replace(source, settings=TextSettings(length=5000, consecutive=True))
    whole, _ = measures.held_out_nats(model, long, 10_000, "test")
    np.testing.assert_allclose(carried, whole, rtol=1e-4, atol=1e-5)
    model.carries = False
    fresh, _ = measures.held_out_nats(model, source, 10_000, "test")
    assert np.abs(fresh - whole).max() > 1e-3


def test_windows_are_spread_over_the_text() -> None:
    tokens = np.arange(100_001, dtype=np.int32)
    some = [*windows_of(tokens, 10, samples=100)]
    assert len(some) == 2 and some[0].shape == (text_order.HELD_OUT_ROWS, 11)
    assert some[0][0, 0] == 0 and some[0][-1, 0] > 95_000
    np.testing.assert_array_equal(some[0][:, -1], some[1][:, 0])
    everything = np.concatenate([rows[:, 1:].ravel() for rows in windows_of(tokens, 10, 10**9)])
    assert sorted(everything[everything != PADDING]) == list(range(1, 100_001))


def test_a_report_has_what_it_promises() -> None:
    recipe = GPT.tiny()
    model, source = model_and_source(recipe)
    report = report_of(HeldOutText(), model, source, recipe, samples=20)
    assert report["perplexity"] == pytest.approx(math.exp(report["nats_per_symbol"]))
    assert report["bits_per_character"] == pytest.approx(report["nats_per_symbol"] / math.log(2), rel=1e-6)
    assert report["protocol"]["test split"] == source.test_split
    assert set(report["better"].values()) == {"lower"}


@pytest.mark.parametrize("settings", [{}, {"lines": True, "length": 60}])
def test_n_grams_are_measured_on_the_same_symbols(settings: dict) -> None:
    recipe = dataclasses.replace(CharRNN.tiny(), text=TextSettings(**{"length": 16} | settings))
    model, source = model_and_source(recipe)
    report = report_of(HeldOutText(), model, source, recipe, samples=30)
    batches = source.held_out("test", 30)
    rows = [row[row != PADDING] for batch in batches for row in batch["tokens"] if (row[1:] != PADDING).any()]
    assert report["protocol"]["held-out tokens"] == sum(len(row) - 1 for row in rows)
    for name, order in (("5-gram", 5), ("unigram", 1)):
        grams = NGram(source.train.tokens, len(source.vocabulary), order)
        nats = np.concatenate([grams.nats(row[None])[0] for row in rows])
        assert report["baselines"]["nats_per_symbol"][name] == pytest.approx(nats.mean())
        assert report["baselines"]["perplexity"][name] == pytest.approx(np.exp(nats.mean()))
        bits = nats.mean() / math.log(2) * source.test.symbols / source.test.characters
        assert report["baselines"]["bits_per_character"][name] == pytest.approx(bits)
    assert report["baselines"]["nats_per_symbol"]["5-gram"] < 1 < report["baselines"]["nats_per_symbol"]["unigram"]


def test_the_n_gram_of_a_model_that_carries_its_state_carries_its_context() -> None:
    recipe = dataclasses.replace(CharRNN.tiny(), text=TextSettings(length=4, consecutive=True))
    model, source = model_and_source(recipe)
    report = report_of(HeldOutText(), model, source, recipe, samples=10_000)
    assert "its context is carried on" in report["protocol"]["n-gram"]
    grams = NGram(source.train.tokens, len(source.vocabulary), 5)
    batches = [batch["tokens"] for batch in source.held_out("test", 10_000)]
    assert len(batches) > 1
    rows = np.concatenate([batches[0], *(batch[:, 1:] for batch in batches[1:])], axis=1)
    nats = np.concatenate([grams.nats(row[row != PADDING][None])[0] for row in rows])
    assert len(nats) == source.test.symbols
    assert report["baselines"]["nats_per_symbol"]["5-gram"] == pytest.approx(nats.mean())
    model.carries = False
    apart = report_of(HeldOutText(), model, source, recipe, samples=10_000)["baselines"]["nats_per_symbol"]["5-gram"]
    assert apart > report["baselines"]["nats_per_symbol"]["5-gram"] + 0.1


def test_choosing_reads_the_validation_part_alone() -> None:
    recipe = CharRNN.tiny()
    model, source = model_and_source(recipe)
    make_uniform(model)
    assert source.validation is not None
    expected = source.validation.symbols * math.log2(len(source.vocabulary)) / source.validation.characters
    source.test.tokens[:] = -9  # reading it would fail
    found = BitsPerCharacter().value(model, source, recipe, 10_000, "validation")
    assert found == pytest.approx(expected, rel=1e-4)
