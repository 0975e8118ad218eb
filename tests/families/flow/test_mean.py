"""MeanFlow: it learns the mean velocity up to a later time."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.families.flow.mean import MeanFlow as MeanFlowModel
from aigc_tf.recipes.mean_flow import MeanFlow
from tests.families.flow.squares import assert_draws_either, trained

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.uniform(-1, 1, (6, 16, 16, 1)).astype(np.float32)
NOISE = RANDOM.standard_normal(IMAGES.shape).astype(np.float32)
TIMES = np.array([0.1, 0.3, 0.5, 0.7, 0.8, 0.99], np.float32)
ALWAYS_OTHER = np.stack([np.zeros(6), np.linspace(0.1, 1, 6)], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def model() -> MeanFlowModel:
    return aigc_tf.create(MeanFlow.tiny())


def test_nothing_is_left_to_learn_where_the_mean_velocity_is_known(model: MeanFlowModel) -> None:
    """With equal images paths are straight, and the exact network has zero loss."""
    end = IMAGES[:1]

    def straight(inputs: list[tf.Tensor], training: bool) -> tf.Tensor:
        return end + 0 * inputs[0]

    losses = model.losses(straight, NOISE, np.repeat(end, 6, axis=0), TIMES, [ALWAYS_OTHER], training=True)
    np.testing.assert_allclose(losses, 0, atol=1e-5)
    wrong = model.losses(lambda inputs, training: inputs[0], NOISE, IMAGES, TIMES, [ALWAYS_OTHER], training=True)
    assert (np.asarray(wrong) > 0.9).all()


def test_the_derivative_is_along_the_path(model: MeanFlowModel) -> None:
    """For a network in closed form, against finite differences of its mean velocity."""

    def network(inputs: list[tf.Tensor], training: bool) -> tf.Tensor:
        noisy, time, ahead = inputs
        return tf.sin(noisy) * tf.reshape(1 + time + 2 * ahead**2, (-1, 1, 1, 1))

    times, ahead = TIMES.clip(0, 0.95), ALWAYS_OTHER[:, 1] * (1 - TIMES.clip(0, 0.95))
    velocity = IMAGES - NOISE

    def mean(step: float) -> np.ndarray:
        at = times + step
        noisy = (1 - at)[:, None, None, None] * NOISE + at[:, None, None, None] * IMAGES
        parts = [tf.constant(value, tf.float32) for value in (noisy, at, ahead - step)]
        return model.mean_velocity(network, *parts, training=True).numpy()

    change = (mean(1e-3) - mean(-1e-3)) / 2e-3
    wanted = velocity + ahead[:, None, None, None] * change
    error = ((mean(0.0) - wanted) ** 2).mean(axis=(1, 2, 3))
    found = model.losses(network, NOISE, IMAGES, TIMES, [ALWAYS_OTHER], training=True)
    np.testing.assert_allclose(found, error / (error + 1e-3), rtol=1e-4)
    differing = model.losses(network, NOISE, IMAGES, TIMES, [np.ones((6, 2), np.float32)], training=True)
    assert np.abs(differing - found).max() > 1e-4  # without a later time


def test_steps_go_as_far_as_the_network_is_told(model: MeanFlowModel) -> None:
    asked: list[tuple[float, float]] = []

    def answer(noisy: np.ndarray, time: float, told: float) -> np.ndarray:
        asked.append((round(time, 6), round(told, 6)))
        return 0.5 * noisy

    solving = model.solving(evaluations=4)
    guided = model.guided(answer, solving)
    for time in (0.0, 0.25, 0.5, 0.75):
        guided(NOISE, time, None)
    assert asked == [(time, 0.25) for time in (0.0, 0.25, 0.5, 0.75)]


def test_it_learns_to_draw_at_once() -> None:
    """Bright squares left or right: one evaluation generates either."""
    model, _ = trained(MeanFlow, 500)
    assert_draws_either(model.generate(64, seed=1), 0.03)
