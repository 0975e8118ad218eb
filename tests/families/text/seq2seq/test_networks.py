"""Sequence-to-sequence networks: KV cache, padding, copy head, learning."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.data.pairs.opening import open_source
from aigc_tf.data.pairs.source import PairSource
from aigc_tf.families.text.decoding import log_softmax
from aigc_tf.families.text.seq2seq.model import Seq2Seq
from aigc_tf.families.text.seq2seq.search import Writer, mixed
from aigc_tf.recipes.seq2seq import Search
from aigc_tf.recipes.summary import Summary

FORMS = {
    "transformer": {},
    "learned positions": {"positions": "learned", "depth": 2},
    "no copies": {"copies": False},
    "lstm": {"encoder": "lstm"},
    "lstm without copies": {"encoder": "lstm", "copies": False},
    "two vocabularies": {"copies": False, "pairs": dataclasses.replace(Summary.tiny().pairs, shared=False)},
}


@pytest.fixture(scope="module", params=FORMS)
def made(request: pytest.FixtureRequest) -> tuple[Seq2Seq, PairSource]:
    recipe = dataclasses.replace(Summary.tiny(), **FORMS[request.param])
    source = open_source(recipe)
    model = aigc_tf.create(recipe, **source.assets)
    random = np.random.default_rng(0)
    for weight in model.trainable_variables:  # far from initialisation, where all outputs are nearly equal
        weight.assign(weight + 0.3 * random.standard_normal(weight.shape))
    return model, source


def batch_of(source: PairSource, rows: int = 6) -> dict[str, np.ndarray]:
    return next(source.held_out("test", rows))


def test_step_by_step_says_what_the_whole_says(made: tuple[Seq2Seq, PairSource]):
    model, source = made
    batch = batch_of(source)
    nats, _, counted = model.nats({name: tf.constant(values) for name, values in batch.items()}, training=False)
    rows = np.full((len(batch["source"]), model.recipe.pairs.source_length + 1), -1, np.int32)
    rows[:, : batch["source"].shape[1]] = batch["source"]
    writer, target = Writer(model.networks, rows), batch["target"]
    for time in range(target.shape[1] - 1):
        log_p = writer.read(np.maximum(target[:, time], 0))
        np.testing.assert_allclose(np.exp(log_p).sum(axis=1), 1, atol=1e-6)
        np.testing.assert_allclose(writer.attention.sum(axis=1), 1, atol=1e-5)
        assert np.all(writer.attention[rows < 0] == 0)
        real = target[:, time + 1] >= 0
        found = -log_p[real, target[real, time + 1]]
        np.testing.assert_allclose(found, nats.numpy()[real, time], atol=2e-4)
        np.testing.assert_array_equal(counted.numpy()[:, time] > 0, real)


def test_padding_changes_nothing(made: tuple[Seq2Seq, PairSource]):
    model, source = made
    batch = batch_of(source)
    longer = {name: np.pad(values, ((0, 0), (0, 1)), constant_values=-1) for name, values in batch.items()}
    one, other = (
        model.nats({name: tf.constant(values) for name, values in each.items()}, training=False)[0].numpy()
        for each in (batch, longer)
    )
    np.testing.assert_allclose(one, other[:, : one.shape[1]], atol=1e-5)
    assert np.all(other[:, one.shape[1] :] == 0)


def test_later_symbols_change_nothing(made: tuple[Seq2Seq, PairSource]):
    model, source = made
    batch = batch_of(source)
    changed = batch | {"target": batch["target"].copy()}
    changed["target"][:, 6:-1] = 3
    one, other = (
        model.nats({k: tf.constant(v) for k, v in each.items()}, False)[0].numpy() for each in (batch, changed)
    )
    np.testing.assert_allclose(one[:, :5], other[:, :5], atol=1e-6)
    assert not np.allclose(one[:, 6:], other[:, 6:])


def test_a_copy_head_mixes_two_distributions():
    """By definition, token by token."""
    random = np.random.default_rng(0)
    logits, gate = random.standard_normal((2, 5)), np.array([0.3, -2.0])
    attention, source = np.array([[0.5, 0.2, 0.3, 0.0], [0.1, 0.9, 0.0, 0.0]]), np.array([[3, 1, 3, 0], [2, 0, -1, -1]])
    found = np.exp(mixed(logits, attention, gate, source))
    for row in range(2):
        g = 1 / (1 + np.exp(-gate[row]))
        for symbol in range(5):
            copied = sum(attention[row, place] for place in range(4) if source[row, place] == symbol)
            expected = g * np.exp(log_softmax(logits[row])[symbol]) + (1 - g) * copied
            np.testing.assert_allclose(found[row, symbol], expected, rtol=1e-9)


def test_label_smoothing_is_the_mean_over_all_symbols():
    recipe = dataclasses.replace(Summary.tiny(), copies=False, dropout=0.0, label_smoothing=0.25)
    source = open_source(recipe)
    model = aigc_tf.create(recipe, **source.assets)
    batch = {name: tf.constant(values) for name, values in batch_of(source).items()}
    logits = model.sequence([batch["source"], tf.maximum(batch["target"][:, :-1], 0)], training=True)[0].numpy()
    targets = batch["target"].numpy()[:, 1:]
    log_p, real = log_softmax(logits), targets >= 0
    own = np.take_along_axis(log_p, np.maximum(targets, 0)[..., None], axis=-1)[..., 0]
    expected = -(0.75 * own[real] + 0.25 * log_p[real].mean(axis=-1)).mean()
    np.testing.assert_allclose(float(model.train_step(batch)["loss"]), expected, rtol=1e-5)


@pytest.mark.parametrize("encoder", ["transformer", "lstm"])
def test_it_learns_what_stands_in_the_source(encoder: str):
    """The first symbols of a source: solvable only by copying, for unseen sequences."""
    random = np.random.default_rng(0)
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    pairs = [("".join(row), "".join(row[:3])) for row in (random.choice(letters, 10) for _ in range(1500))]
    recipe = dataclasses.replace(Summary.tiny(), encoder=encoder, width=32, batch_size=32, steps=400, dropout=0.0)
    recipe = dataclasses.replace(recipe, optimizer=dataclasses.replace(recipe.optimizer, learning_rate=5e-3))
    source = open_source(recipe, pairs)
    model = aigc_tf.create(recipe, **source.assets)
    step = tf.function(model.train_step, reduce_retracing=True)
    for batch in source.batches(recipe.batch_size, recipe.seed).take(recipe.steps):
        step(batch)
    held_out = source.pairs("test", 50)
    written = model.write_all([pair.source for pair in held_out], Search(beams=1, no_repeat=0))
    right = np.mean([text == pair.target for text, pair in zip(written, held_out, strict=True)])
    assert right > 0.8
