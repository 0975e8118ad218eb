"""The text VAE: its ELBO, its latent, its generated lines."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.data.text.opening import open_source
from aigc_tf.data.text.order import padded
from aigc_tf.data.text.source import TextSource
from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import BOUNDARY, UNKNOWN
from aigc_tf.errors import InputError
from aigc_tf.families.latent_space import between
from aigc_tf.families.text.text_vae import TextVAE
from aigc_tf.families.text.writing import Reader
from aigc_tf.metrics.likelihood import lower_bounds
from aigc_tf.metrics.text.text_vae import importance_weighted_bounds, mutual_information
from aigc_tf.recipes.text import TextSettings
from aigc_tf.recipes.text_vae import TextVAE as Recipe

WORDS = ("the", "cat", "dog", "sees", "hears", "a", "bird", "song", "and", "sings")
LINES = [" ".join(np.random.default_rng(number).choice(WORDS, 3 + number % 5)) for number in range(300)]
RECIPE = dataclasses.replace(Recipe.tiny(), dropout=0.0, text=TextSettings(unit="word", lines=True, length=12))


@pytest.fixture(scope="module")
def source() -> TextSource:
    return open_source(RECIPE, "\n".join(LINES))


@pytest.fixture
def model(source: TextSource) -> TextVAE:
    return aigc_tf.create(RECIPE, vocabulary=source.vocabulary)


def some(source: TextSource, count: int = 8) -> np.ndarray:
    return padded(source.test, np.arange(count))


def test_padding_changes_nothing(model: TextVAE, source: TextSource) -> None:
    tokens = some(source)
    longer = np.pad(tokens, ((0, 0), (0, 4)), constant_values=PADDING)
    for short, long in zip(model.posterior(tokens), model.posterior(longer), strict=True):
        np.testing.assert_allclose(short, long, atol=1e-6)
    latent = tf.constant(model.constants(8, 0)["latent"])
    np.testing.assert_allclose(
        model.nats(tf.constant(tokens), latent, training=False),
        model.nats(tf.constant(longer), latent, training=False),
        rtol=1e-5,
    )


def test_a_line_costs_what_its_steps_cost(model: TextVAE, source: TextSource) -> None:
    tokens = some(source, 4)
    latent = model.constants(4, 1)
    reader = Reader(model.networks, 4, latent)
    expected = np.zeros(4)
    for time in range(tokens.shape[1] - 1):
        logits = reader.read(np.maximum(tokens[:, [time]], 0))
        log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        target = tokens[:, time + 1]
        expected -= np.where(target >= 0, log_p[np.arange(4), np.maximum(target, 0)], 0)
    found = model.nats(tf.constant(tokens), tf.constant(latent["latent"]), training=False)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_the_bound_rises_with_the_samples_and_begins_at_the_evidence_bound(model: TextVAE, source: TextSource) -> None:
    tokens = some(source, 6)
    one, many = lower_bounds(model, tokens, 1), lower_bounds(model, tokens, 200, numbers=2000)
    np.testing.assert_allclose(one.evidence_lower_bound, one.importance_weighted, rtol=1e-5)
    assert (many.importance_weighted >= many.evidence_lower_bound - 1e-3).all()
    mean, log_variance = model.posterior(tokens)
    noise = np.random.default_rng(0).standard_normal((400, *mean.shape)).astype("float32")
    weights = model.log_importance_weights(tf.constant(tokens), tf.constant(noise)).numpy()
    divergence = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(axis=1)
    latents = mean + np.exp(0.5 * log_variance) * noise
    nats = np.stack([model.nats(tf.constant(tokens), tf.constant(z), training=False).numpy() for z in latents[:50]])
    np.testing.assert_allclose(weights.mean(axis=0), -nats.mean(axis=0) - divergence, atol=0.5)
    error = weights.std(axis=0) / 20 + 1e-3
    assert (np.abs(many.evidence_lower_bound - weights.mean(axis=0)) < 8 * error).all()


def test_bounds_do_not_depend_on_what_is_behind_the_end_of_a_line(model: TextVAE, source: TextSource) -> None:
    tokens = some(source, 7)
    wider = np.pad(tokens, ((0, 0), (0, 9)), constant_values=-1)
    noise = np.random.default_rng(0).standard_normal((5, 7, model.latent_dim)).astype("float32")
    weights = [model.log_importance_weights(tf.constant(lines), tf.constant(noise)) for lines in (tokens, wider)]
    np.testing.assert_allclose(weights[0], weights[1], rtol=1e-4)
    bounds = importance_weighted_bounds(model, wider, 300, 0)  # in chunks, with other noise
    expected = lower_bounds(model, tokens, 300).importance_weighted
    assert bounds.sum() == pytest.approx(expected.sum(), rel=5e-3)


def test_the_step_pays_what_the_formula_says(source: TextSource) -> None:
    recipe = dataclasses.replace(RECIPE, annealing_steps=0, free_bits=0.0, beta=0.5, word_dropout=0.0)
    model = aigc_tf.create(recipe, vocabulary=source.vocabulary)
    tokens = tf.constant(some(source))
    mean, log_variance = model.posterior(tokens.numpy())
    divergence = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(axis=1).mean()
    logs = {
        name: float(value)
        for name, value in model.train_step({"tokens": tokens, "continues": tf.constant(False)}).items()
    }
    assert logs["kl"] == pytest.approx(divergence, rel=1e-4)
    assert logs["loss"] == pytest.approx(logs["reconstruction_loss"] + 0.5 * divergence, rel=1e-4)


def test_the_weight_of_the_divergence_grows(source: TextSource) -> None:
    recipe = dataclasses.replace(RECIPE, annealing_steps=4, free_bits=0.0)
    model = aigc_tf.create(recipe, vocabulary=source.vocabulary)
    for step in range(6):
        logs = {
            name: float(value)
            for name, value in model.train_step(
                {"tokens": tf.constant(some(source)), "continues": tf.constant(False)}
            ).items()
        }
        paid = logs["loss"] - logs["reconstruction_loss"]
        assert paid == pytest.approx(min(step / 4, 1) * logs["kl"], abs=1e-4)


def test_dropped_words_are_inputs_only_and_never_the_boundary(source: TextSource) -> None:
    """With every word dropped, the decoder's inputs are the boundary and unknown words, for any line."""
    model = aigc_tf.create(dataclasses.replace(RECIPE, word_dropout=1.0), vocabulary=source.vocabulary)
    tokens = some(source, 3)
    latent = tf.constant(model.constants(3, 0)["latent"])
    inputs = np.full((3, tokens.shape[1] - 1), UNKNOWN)
    inputs[:, 0] = BOUNDARY
    inputs[tokens[:, :-1] == BOUNDARY] = BOUNDARY  # padding and end tokens of short lines are not dropped
    inputs[tokens[:, :-1] == PADDING] = BOUNDARY
    logits, *_ = model.decoder([tf.constant(inputs), latent, *[tf.zeros((3, RECIPE.units))] * 2], training=False)
    log_p = keras.ops.log_softmax(logits).numpy()
    targets = tokens[:, 1:]
    picked = np.take_along_axis(log_p, np.maximum(targets, 0)[..., None], axis=-1)[..., 0]
    expected = -np.where(targets >= 0, picked, 0).sum(axis=1)
    np.testing.assert_allclose(model.nats(tf.constant(tokens), latent, training=True), expected, rtol=1e-5)


def test_a_latent_is_used_once_it_is_learnt() -> None:
    """Lines of one word out of eight, repeated four times: the decoder gets the word from the latent."""
    data = "\n".join(" ".join([WORDS[number % 8]] * 4) for number in range(800))
    recipe = dataclasses.replace(
        RECIPE,
        text=TextSettings(unit="word", lines=True, length=8),
        steps=400,
        batch_size=16,
        units=32,
        annealing_steps=200,
        optimizer=dataclasses.replace(RECIPE.optimizer, learning_rate=1e-2),
    )
    source = open_source(recipe, data)
    model = aigc_tf.create(recipe, vocabulary=source.vocabulary)
    model.fit(source.batches(16, 0), epochs=1, steps_per_epoch=400, shuffle=False, verbose=0)
    lines = [" ".join([word] * 4) for word in WORDS[:8]]
    again = model.transform(lines)
    assert sum(first == second for first, second in zip(lines, again, strict=True)) >= 7
    mean, log_variance = model.posterior(padded(source.test, np.arange(min(64, source.test.documents))))
    assert mutual_information(mean, log_variance, 0) > 0.8  # nats; log 8 is 2.08
    assert set(model.generate(40, tokens=8)) & set(lines)
    way = between(model, lines[0], lines[3], 5)
    assert len(way) == 5 and way[0] == again[0] and way[-1] == again[3]


def test_mutual_information_of_posteriors_that_say_nothing_and_everything() -> None:
    nothing = np.zeros((50, 3))
    assert mutual_information(nothing, nothing, 0) == pytest.approx(0, abs=1e-6)
    apart = np.arange(50)[:, None] * np.array([[100.0, 0, 0]])
    assert mutual_information(apart, nothing, 0) == pytest.approx(np.log(50), abs=1e-6)


def test_samples_differ_by_their_latents(model: TextVAE) -> None:
    first, second = model.constants(2, 0)["latent"], model.constants(3, 0)["latent"]
    np.testing.assert_array_equal(first, second[:2])
    assert np.abs(first[0] - first[1]).max() > 0.1


def test_a_latent_stands_for_a_line() -> None:
    with pytest.raises(InputError, match=r"text\.lines is False"):
        dataclasses.replace(RECIPE, text=TextSettings(unit="word"))


def test_both_networks_learn(model: TextVAE, source: TextSource) -> None:
    before = [weight.numpy() for weight in model.learning]
    for _ in range(2):
        model.train_step({"tokens": tf.constant(some(source)), "continues": tf.constant(False)})
    moved = [not np.array_equal(weight.numpy(), old) for weight, old in zip(model.learning, before, strict=True)]
    assert all(moved)
    assert isinstance(model.encoder, keras.Model) and len(model.learning) == len(model.trainable_variables)
