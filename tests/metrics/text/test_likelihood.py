"""Measures of text: bits per character, copies, quality of exported files."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aigc_tf
from aigc_tf.data.text.opening import open_source
from aigc_tf.data.text.source import PADDING, TextSource
from aigc_tf.export import VerificationError
from aigc_tf.export.quality.text import perplexity, text_quality
from aigc_tf.families.text.language_model import LanguageModel
from aigc_tf.metrics.text import likelihood as measures
from aigc_tf.metrics.text.copied_text import copies
from aigc_tf.recipes.char_rnn import CharRNN
from aigc_tf.recipes.gpt import GPT
from aigc_tf.recipes.text import TextExportLimits, TextSettings

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
    assert measures.held_out_bits(model, source, recipe, 10_000) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("settings", [{}, {"consecutive": True}, {"lines": True, "length": 60}])
def test_every_held_out_symbol_is_measured_once(settings: dict) -> None:
    tiny = CharRNN.tiny()
    recipe = dataclasses.replace(tiny, text=TextSettings(**{"length": 16} | settings))
    model, source = model_and_source(recipe)
    nats, symbols = measures.held_out_nats(model, source, 10_000)
    assert sorted(symbols) == sorted(source.test.tokens[1:])
    assert len(symbols) == source.test.symbols == source.test.characters
    assert nats.shape == symbols.shape and np.isfinite(nats).all()


def test_a_state_is_carried_through_held_out_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of 8 symbols read one behind the other say what one long window says."""
    monkeypatch.setattr(measures, "ROWS", 1)
    tiny = CharRNN.tiny()
    model, source = model_and_source(dataclasses.replace(tiny, text=TextSettings(length=8, consecutive=True)))
    carried, _ = measures.held_out_nats(model, source, 10_000)
    long = dataclasses.replace(source, settings=TextSettings(length=5000, consecutive=True))
    whole, _ = measures.held_out_nats(model, long, 10_000)
    np.testing.assert_allclose(carried, whole, rtol=1e-4, atol=1e-5)
    model.carries = False
    fresh, _ = measures.held_out_nats(model, source, 10_000)
    assert np.abs(fresh - whole).max() > 1e-3


def test_windows_are_spread_over_the_text() -> None:
    tokens = np.arange(100_001, dtype=np.int32)
    some = [*measures.windows_of(tokens, 10, samples=100)]
    assert len(some) == 2 and some[0].shape == (measures.ROWS, 11)
    assert some[0][0, 0] == 0 and some[0][-1, 0] > 95_000
    np.testing.assert_array_equal(some[0][:, -1], some[1][:, 0])
    everything = np.concatenate([rows[:, 1:].ravel() for rows in measures.windows_of(tokens, 10, 10**9)])
    assert sorted(everything[everything != PADDING]) == list(range(1, 100_001))


def test_a_report_has_what_it_promises() -> None:
    recipe = GPT.tiny()
    model, source = model_and_source(recipe)
    report = measures.evaluate(model, source, recipe, samples=20)
    assert report["perplexity"] == pytest.approx(math.exp(report["nats_per_symbol"]))
    assert report["bits_per_character"] == pytest.approx(report["nats_per_symbol"] / math.log(2), rel=1e-6)
    assert 0 <= report["copied_share"] <= report["copied_share_of_held_out_text"] <= 1
    assert report["protocol"]["test split"] == source.test_split


class Distorted:
    """A file whose logits are not the model's."""

    def __init__(self, model: LanguageModel, factor: float) -> None:
        self.model, self.factor = model, factor

    def inputs(self, name: str) -> dict:
        return {"token": ((2,), "int32")}

    def __call__(self, name: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        names = [tensor.name for tensor in self.model.networks.step.inputs]
        logits, *states = self.model.networks.compiled_step([inputs[name] for name in names])
        new = dict(zip(self.model.networks.feedback, (state.numpy() for state in states), strict=True))
        return {"logits": self.factor * logits.numpy()} | new


def test_the_perplexity_of_steps_is_that_of_sequences() -> None:
    recipe = GPT.tiny()
    model, source = model_and_source(recipe)
    text = source.test.tokens[: 3 * 16 + 1]
    step = Distorted(model, 1.0)
    windows = np.stack([text[at : at + 17] for at in (0, 16, 32)])
    found = perplexity(lambda inputs: step("step", **inputs), model, [(window[None], {}) for window in windows])
    nats, _, _ = model.nats(windows, None, training=False)
    assert found == pytest.approx(math.exp(float(nats.numpy().mean())), rel=1e-4)


def test_a_file_that_lost_too_much_is_refused() -> None:
    recipe = dataclasses.replace(GPT.tiny(), export_limits=TextExportLimits(symbols=100, dynamic=0.01, int8=0.5))
    model, source = model_and_source(recipe)
    found = text_quality(model, source, recipe, Distorted(model, 1.0), "dynamic")["step"]
    assert found["change"] == pytest.approx(0, abs=1e-6) and found["limit"] == 0.01
    for weight in model.sequence.trainable_variables:
        weight.assign(8 * weight)  # so that doubling its logits makes it surer, and more often wrong
    with pytest.raises(
        VerificationError, match=r"dynamic raises the perplexity .* export_limits\.dynamic allows 1\.0%"
    ):
        text_quality(model, source, recipe, Distorted(model, 2.0), "dynamic")
    with pytest.raises(VerificationError, match="nan"):
        text_quality(model, source, recipe, Distorted(model, math.nan), "int8")
