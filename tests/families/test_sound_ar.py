"""The autoregressive sound model: samples match the likelihood, and the step matches the sequence."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import aigc_tf
from aigc_tf.data.sound.opening import open_source
from aigc_tf.data.sound.source import SoundSource
from aigc_tf.families.sound.drawing import LEVELS, SILENCE, draw_frame, to_levels, uniforms
from aigc_tf.families.sound.model import SoundAR
from aigc_tf.metrics.evaluator import Request
from aigc_tf.metrics.held_out import held_out_loss
from aigc_tf.metrics.sound.likelihood import BANDS, BEFORE, HeldOutFrames, changes, nats_of_counts
from aigc_tf.nn.likelihoods import LogisticMixture
from aigc_tf.recipes.sound import SoundSettings
from aigc_tf.recipes.sound_ar import SoundAR as Recipe

RECIPE = dataclasses.replace(Recipe.tiny(), sound=SoundSettings(rate=2000, hop=16, frames=12, bands=16, iterations=2))


@pytest.fixture(scope="module")
def source() -> SoundSource:
    return open_source(RECIPE)


@pytest.fixture(scope="module")
def model(source: SoundSource) -> SoundAR:
    made: Any = aigc_tf.create(RECIPE, **source.assets_for(RECIPE))
    for batch in source.batches(RECIPE.batch_size, 0).take(40):
        made.train_step(batch)
    return made


def test_levels_are_drawn_as_often_as_they_are_likely():
    """One band, two components: frequencies of many samples, against the probability of each level."""
    weights = np.array([[0.3, -0.4]], np.float32)
    means, log_scales = np.array([[[-0.99, 0.2]]], np.float32), np.array([[[-3.0, -2.0]]], np.float32)
    count = 40_000
    rows = [np.repeat(part, count, axis=0) for part in (weights, means, log_scales)]
    numbers = np.random.default_rng(0).random((count, 2))
    drawn = draw_frame(*rows, numbers)[:, 0]
    levels = np.round((drawn + 1) * LEVELS / 2).astype(int)
    np.testing.assert_allclose(drawn, to_levels(drawn), atol=1e-6)
    parameters = np.concatenate([part.reshape(1, -1) for part in (weights, means, log_scales)], axis=1)
    every = (np.arange(LEVELS + 1) / LEVELS).reshape(-1, 1, 1, 1).astype(np.float32)
    told = np.tile(parameters[:, None, None], (LEVELS + 1, 1, 1, 1))
    probabilities = np.exp(LogisticMixture(2).log_probability(told, every))
    assert probabilities.sum() == pytest.approx(1, abs=1e-4)
    shares = np.bincount(levels, minlength=LEVELS + 1) / count
    error = np.sqrt(probabilities * (1 - probabilities) / count)
    assert (np.abs(shares - probabilities) < 5 * error + 1e-6).all()
    assert draw_frame(weights, means, log_scales, numbers[:1], 0.0, 0.0) == pytest.approx(
        to_levels(np.array([[-0.99]]))
    )


def test_less_noise_is_nearer_to_the_means():
    weights, means = np.zeros((500, 1), np.float32), np.zeros((500, 8, 1), np.float32)
    scales = np.full((500, 8, 1), -2.0, np.float32)
    numbers = uniforms([np.random.default_rng(row) for row in range(500)], 8)
    assert numbers.shape == (500, 9) and (numbers > 0).all() and (numbers < 1).all()
    spread = [draw_frame(weights, means, scales, numbers, noise=noise).std() for noise in (0.5, 1.0)]
    assert spread[0] == pytest.approx(spread[1] / 2, rel=0.05)


def test_steps_say_what_the_sequence_says(model: SoundAR, source: SoundSource):
    (batch,) = source.held_out("test", 3)
    frames = to_levels(batch["image"][..., 0].transpose(0, 2, 1))
    before = np.concatenate([np.full_like(frames[:, :1], SILENCE), frames[:, :-1]], axis=1)
    whole = model.sequence([before, batch["label"]], training=False).numpy()[:, 0]
    _, _, *inputs = model.networks.step.inputs
    states = [np.zeros((3, *tensor.shape[1:]), tensor.dtype) for tensor in inputs]
    for time in range(RECIPE.sound.frames):
        answer = model.networks.compiled_step([before[:, time], batch["label"], *states])
        parts, states = answer[:3], answer[3:]
        told = np.concatenate([part.numpy().reshape(3, -1) for part in parts], axis=1)
        np.testing.assert_allclose(told, whole[:, time], atol=2e-5)


def test_a_frame_depends_on_those_before_it_alone_and_on_the_class(model: SoundAR):
    random = np.random.default_rng(2)
    frames = to_levels(random.uniform(-1, 1, (1, 12, 16)))
    changed = frames.copy()
    changed[:, 6] = -frames[:, 6]
    label = np.zeros(1, np.int32)
    first, second = (model.sequence([each, label], training=False).numpy()[:, 0] for each in (frames, changed))
    np.testing.assert_array_equal(first[:, :6], second[:, :6])
    assert np.abs(first[:, 6:] - second[:, 6:]).max() > 1e-3
    other = model.sequence([frames, label + 1], training=False).numpy()[:, 0]
    assert np.abs(first - other).max() > 1e-4


def test_it_learns_more_than_counting_knows(model: SoundAR, source: SoundSource):
    untrained: Any = aigc_tf.create(RECIPE, **source.assets_for(RECIPE))
    assert held_out_loss(model, source, 50, "test") < held_out_loss(untrained, source, 50, "test")
    request = Request(part="test", samples=50, seed=0)
    figure = HeldOutFrames().measure(model, source, RECIPE, request).figures["nats_per_frame"]
    assert set(figure.baselines) == {BANDS, BEFORE} and figure.value < figure.baselines[BANDS]


def test_counted_frequencies_are_a_distribution():
    random = np.random.default_rng(3)
    train, part = (random.integers(0, 256, (5, 6, 2)) for _ in range(2))
    nats = nats_of_counts(train, part, 256)
    own = np.bincount(train[..., 1].ravel(), minlength=256)
    np.testing.assert_allclose(np.exp(-nats[..., 1]), (own[part[..., 1]] + 1) / (30 + 256))
    assert changes(part).min() >= 0 and changes(part).max() <= 2 * LEVELS
    np.testing.assert_array_equal(np.cumsum(changes(part) - LEVELS, axis=1), part)


def test_a_sound_is_the_same_whatever_is_drawn_beside_it(model: SoundAR):
    one = model.generate_pictures(1, 5, 2)
    several = model.generate_pictures(3, 5, [2, 0, 1])
    np.testing.assert_allclose(several[:1], one, atol=1e-6)
    assert several.shape == (3, *RECIPE.sound.images.shape) and several.min() >= 0 and several.max() <= 1
    first, second = model.generate(2, 1, 0, temperature=0, noise=0)
    np.testing.assert_array_equal(first, second)
