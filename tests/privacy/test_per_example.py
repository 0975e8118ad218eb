"""Per-example gradients against a loop over the examples; and the language model trained with them."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from pydantic.dataclasses import dataclass

import aigc_tf
from aigc_tf.data.order import Poisson
from aigc_tf.data.text.opening import open_source
from aigc_tf.data.text.order import padded
from aigc_tf.data.text.split import PADDING
from aigc_tf.errors import InputError
from aigc_tf.families.private.language_model import PrivateLanguageModel
from aigc_tf.families.text.networks import recurrent
from aigc_tf.privacy.accounting import Guarantee
from aigc_tf.privacy.per_example import clipped_sums_by_example
from aigc_tf.recipes.char_rnn import CharRNN, RecurrentSettings
from aigc_tf.recipes.dp_gpt import DPGPT
from aigc_tf.recipes.fields import STRICT

NOISELESS = Guarantee(1000, 32, 1, 0.5, 0.0, 1e-5, ((10, 1.0),))


@pytest.fixture(scope="module")
def source():
    lines = ["a short line", "another, longer line", "x", "four words are enough"] * 20
    return open_source(DPGPT.tiny(), "\n".join(f"{line} {number}"[:24] for number, line in enumerate(lines)))


@pytest.fixture
def model(source) -> PrivateLanguageModel:
    model = aigc_tf.create(DPGPT.tiny(), vocabulary=source.vocabulary, guarantee=NOISELESS)
    model.private_optimizer.optimizer = keras.optimizers.SGD(1.0)
    return model


def lines_of(source, count: int) -> tf.Tensor:
    private = dataclasses.replace(source, poisson=Poisson(32 / source.count, 1))
    (batch,) = next(private.batches(32, 0).as_numpy_iterator())
    return tf.constant(batch["tokens"][:count])


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_norms_losses_and_clipped_sums_are_those_of_a_loop(at_once: int, model: PrivateLanguageModel, source):
    tokens = lines_of(source, 8)

    def loss_of(line: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(model.nats(line, None, training=True)[0]) / 24

    alone, wanted_losses = [], []
    for line in tokens:
        with tf.GradientTape() as tape:
            loss = loss_of(line[None])
        wanted_losses.append(loss)
        alone.append([tf.convert_to_tensor(part) for part in tape.gradient(loss, model.learning)])
    wanted = np.array([tf.linalg.global_norm(gradients) for gradients in alone])
    clip_norm = float(np.median(wanted))
    graph = tf.function(lambda lines: clipped_sums_by_example(loss_of, (lines,), model.learning, clip_norm, at_once))
    sums, norms, losses = graph(tokens)
    np.testing.assert_allclose(norms, wanted, rtol=1e-4)
    np.testing.assert_allclose(losses, wanted_losses, rtol=1e-5)
    shares = np.minimum(1, clip_norm / wanted)
    assert 0 < (shares < 1).sum() < len(shares)
    for position, found in enumerate(sums):
        expected = sum(share * gradients[position] for share, gradients in zip(shares, alone, strict=True))
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_no_line_moves_the_weights_further_than_the_bound(model: PrivateLanguageModel, source):
    tokens = lines_of(source, 9)
    ends, before = [], [weight.numpy() for weight in model.learning]
    for batch in (tokens[:8], tokens):
        for weight, value in zip(model.learning, before, strict=True):
            weight.assign(value)
        logs = model.train_step(({"tokens": batch},))
        ends.append([weight.numpy() for weight in model.learning])
    moved = tf.linalg.global_norm([one - other for one, other in zip(*ends, strict=True)])
    assert 0 < moved <= NOISELESS.clip_norm / NOISELESS.expected_batch * 1.001
    assert logs["clipped_share"] > 0 and logs["example_gradient_norm"] > 0


def test_the_loss_is_that_of_the_plain_model(model: PrivateLanguageModel, source):
    tokens = lines_of(source, 8)
    expected = model.test_step({"tokens": tokens, "continues": False})["loss"]
    np.testing.assert_allclose(model.train_step(({"tokens": tokens},))["loss"], expected, rtol=1e-5)


def test_an_empty_batch_moves_nothing_without_noise(model: PrivateLanguageModel, source):
    before = [weight.numpy() for weight in model.learning]
    logs = model.train_step(({"tokens": lines_of(source, 0)},))
    assert logs["loss"] == 0
    for weight, value in zip(model.learning, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)


def test_a_line_that_is_not_finite_moves_nothing_and_does_not_end_training(
    model: PrivateLanguageModel, source, monkeypatch: pytest.MonkeyPatch
):
    tokens = padded(source.train, np.arange(8), longest=26)  # for any lines in a batch
    monstrous, plain = ord("x") + 1, model.nats  # a byte in one line only; 0 is the boundary

    def nats(lines: tf.Tensor, *arguments: object, **options: object):
        found, counted, states = plain(lines, *arguments, **options)
        return found * tf.where(tf.reduce_any(lines == monstrous, 1, keepdims=True), np.nan, 1.0), counted, states

    monkeypatch.setattr(model, "nats", nats)
    with_it = tf.reduce_any(tokens == monstrous, 1)
    ends, logs, before = [], [], [weight.numpy() for weight in model.learning]
    for batch in (tokens, tf.boolean_mask(tokens, ~with_it)):
        for weight, value in zip(model.learning, before, strict=True):
            weight.assign(value)
        logs.append(model.train_step(({"tokens": batch},)))
        ends.append([weight.numpy() for weight in model.learning])
    assert 0 < np.sum(with_it) < 8 and np.isfinite(list(logs[0].values())).all()
    for name in ("loss", "example_gradient_norm"):
        np.testing.assert_allclose(logs[0][name], logs[1][name], rtol=1e-5)
    for found, wanted in zip(*ends, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert np.isnan(model.train_step(({"tokens": tf.boolean_mask(tokens, with_it)},))["loss"])  # divergence


def test_lines_have_their_boundaries_and_padding(source):
    tokens = lines_of(source, 10).numpy()
    assert tokens.shape == (10, 26)
    for row in tokens:
        length = int((row != PADDING).sum())
        assert row[0] == row[length - 1] == 0 and (row[1 : length - 1] > 0).all() and (row[length:] == PADDING).all()


def recurrent_model(source, lines_at_once: int) -> PrivateLanguageModel:
    @dataclass(frozen=True, kw_only=True, config=STRICT)
    class Recurrent(DPGPT):
        recurrent: RecurrentSettings = CharRNN.tiny().recurrent

    recipe = dataclasses.replace(Recurrent.tiny(), lines_at_once=lines_at_once)
    networks = recurrent.language_model(recipe, source.vocabulary)
    return PrivateLanguageModel(recipe, networks, source.vocabulary, NOISELESS)


def test_recurrent_networks_learn_from_one_line_at_a_time(source):
    tokens = lines_of(source, 9)
    plain = recurrent_model(source, 1)
    plain.private_optimizer.optimizer = keras.optimizers.SGD(1.0)
    plain.private_optimizer.guarantee = plain.guarantee = dataclasses.replace(NOISELESS, clip_norm=None)
    before = [weight.numpy() for weight in plain.learning]
    with tf.GradientTape() as tape:
        nats, _, _ = plain.nats(tokens, None, training=True)
        loss = tf.reduce_sum(nats) / plain.recipe.text.length / NOISELESS.expected_batch
    gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, plain.learning)]
    logs = tf.function(plain.train_step)(({"tokens": tokens},))
    for weight, start, gradient in zip(plain.learning, before, gradients, strict=True):
        np.testing.assert_allclose(weight.numpy(), start - gradient, atol=1e-5)
    assert logs["example_gradient_norm"] > 0


def test_several_lines_at_once_are_refused_of_recurrent_networks(source):
    with pytest.raises(InputError, match=r"lines_at_once is 16: the networks loop over time.*set it to 1"):
        recurrent_model(source, 16)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [({"unit": "character"}, "text.unit is character"), ({"lines": False}, "text.lines is off")],
)
def test_what_would_tell_about_the_text_is_refused(fields: dict, fault: str):
    recipe = DPGPT.tiny()
    with pytest.raises(ValueError, match=fault):
        dataclasses.replace(recipe, text=dataclasses.replace(recipe.text, **fields))
