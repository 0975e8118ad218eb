"""Text classifiers: networks, learning, explanations."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.data.classes import ClassNames
from aigc_tf.data.labelled.evidence import FACTOR, Evidence, sums_of
from aigc_tf.data.labelled.opening import open_source
from aigc_tf.data.text.vocabulary import UNKNOWN, Vocabulary
from aigc_tf.families.text.classification.attributions import integrated_gradients
from aigc_tf.families.text.classification.model import TextClassifier
from aigc_tf.families.text.classification.pages import relevance_page
from aigc_tf.recipes.char_rnn import CharRNN, RecurrentSettings
from aigc_tf.recipes.classify import Classify
from aigc_tf.recipes.settings import AdamSettings

WORDS = Vocabulary("word", ("", "\ufffd", *(f" w{number}" for number in range(30))))
ENCODERS = ("transformer", "recurrent")


def made(encoder: str = "transformer", **changes: Any) -> TextClassifier:
    """A classifier of three classes with random weights."""
    recipe = dataclasses.replace(
        Classify.tiny(), encoder=encoder, recurrent=RecurrentSettings(embedding=8, units=16), **changes
    )
    random = np.random.default_rng(0)
    tables = (random.normal(size=(count, 3)).astype(np.float32) for count in (len(WORDS), recipe.evidence))
    model = aigc_tf.create(recipe, vocabulary=WORDS, classes=ClassNames(("a", "b", "c")), evidence=Evidence(*tables))
    for weight in model.trainable_variables:
        weight.assign(weight.numpy() + random.normal(0, 0.3, weight.shape))
    return model


TOKENS = np.array([0, 5, 9, 2, 30, 17, 4], np.int32)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_padding_changes_nothing(encoder: str):
    model = made(encoder)
    alone = model.probabilities_of([TOKENS])
    beside = model.probabilities_of([np.arange(12, dtype=np.int32), TOKENS])[1:]
    np.testing.assert_allclose(beside, alone, atol=1e-6)
    padded = np.full((1, 13), -1, np.int32)
    padded[0, : len(TOKENS)] = TOKENS
    probabilities, attention = model.networks.classify(padded, training=False)
    np.testing.assert_allclose(probabilities, alone, atol=1e-6)
    assert np.all(attention.numpy()[0, len(TOKENS) :] == 0)
    assert attention.numpy().sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_integrated_gradients_add_up_to_the_logit(encoder: str):
    """Completeness (Sundararajan et al. 2017, proposition 1)."""
    model = made(encoder)
    row, unknown = (tf.constant(tokens[None]) for tokens in (TOKENS, np.array([0, *[UNKNOWN] * 6], np.int32)))
    logits, evidence, _ = model.sequence(row, training=False)
    ends = [model.networks.judge([row, *model.networks.embed(which)], training=False) for which in (row, unknown)]
    np.testing.assert_allclose(ends[0], logits + evidence, atol=1e-5)
    for label in range(3):
        found = integrated_gradients(model.networks, TOKENS, label)
        assert found.sum() == pytest.approx(float((ends[0] - ends[1])[0, label]), abs=0.05)


def test_evidence_in_the_network_is_that_of_the_tables():
    model = made()
    asset = Evidence(*(model.sequence.get_layer(f"{name}_evidence").table for name in ("symbol", "pair")))
    _, evidence, _ = model.sequence(np.array([[*TOKENS, -1, -1]], np.int32), training=False)
    np.testing.assert_allclose(evidence, sums_of(asset, [TOKENS]), atol=1e-5)
    pairs = [(int(one) * FACTOR + int(two)) % 64 for one, two in itertools.pairwise(TOKENS)]
    expected = (asset.symbols[TOKENS[1:]].sum(axis=0) + asset.pairs[pairs].sum(axis=0)) / np.sqrt(12)
    np.testing.assert_allclose(evidence[0], expected, atol=1e-5)


def test_a_recurrent_language_model_has_the_same_names():
    settings = RecurrentSettings(embedding=8, units=16)
    theirs = aigc_tf.create(dataclasses.replace(CharRNN.tiny(), recurrent=settings), vocabulary=WORDS).state()
    ours = made("recurrent").state()
    for name in ("embedding/embeddings", "lstm_0_over_time/kernel", "lstm_0_over_time/recurrent_kernel"):
        assert ours[f"model/sequence/{name}"].shape == theirs[f"model/sequence/{name}"].shape


def trained(steps: int, **changes: Any) -> tuple[TextClassifier, Any]:
    recipe = dataclasses.replace(
        Classify.tiny(), batch_size=32, steps=steps, optimizer=AdamSettings(learning_rate=1e-2), **changes
    )
    source = open_source(recipe)
    model = aigc_tf.create(recipe, **source.assets_for(recipe))
    step = tf.function(model.train_step, reduce_retracing=True)
    batches = iter(source.batches(recipe.batch_size, 0))
    for _ in range(steps):
        step(next(batches))
    return model, source


def right(model: TextClassifier, source: Any) -> float:
    found = model.probabilities(source.test.texts).argmax(axis=1)
    return float(np.mean(found == source.test.labels))


@pytest.mark.parametrize("encoder", ENCODERS)
def test_learns_that_not_turns_a_word_round(encoder: str):
    """Without bigram evidence: the network itself must learn it."""
    changes = {"evidence": 0, "recurrent": RecurrentSettings(embedding=16, units=16)}
    model, source = trained(300, encoder=encoder, **changes)
    assert right(model, source) > 0.95


def test_each_line_gets_a_line():
    model = made()
    one, two = model.transform(["w1 w2\n\nw3", " w4"])
    assert [line.split(" ")[0] in ("a", "b", "c") for line in one.split("\n")] == [True, False, True]
    assert len(model.transform(["w1 w2\n\nw3"], whole=True)[0].split("\n")) == 1
    assert model.transform(["w1 w2"])[0] == model.named(model.probabilities(["w1 w2"])[0]) != two


def test_pages_colour_what_speaks_for_and_against():
    page = relevance_page("t", "good 0.9", "gradients", ["<a>", " b"], np.array([2.0, -1.0]))
    assert 'rgb(77, 255, 77)" title="2">&lt;a&gt;' in page and 'rgb(255, 166, 166)" title="-1"> b' in page
    shown = made().explain("w1 w2 w3", "title")
    assert set(shown) == {"attention", "gradients"}
