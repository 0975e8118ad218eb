"""The density of a flow, against a Gaussian in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from aigc_tf.families.flow.likelihood import LAST, bits_per_dimension, log_density
from tests.families.flow import gaussian


def predict(state: np.ndarray, time: float) -> tuple[np.ndarray, np.ndarray]:
    return gaussian.predict(state, time), np.full(len(state), np.trace(gaussian.gain(time)))


@pytest.fixture
def images() -> np.ndarray:
    return gaussian.MEAN + np.random.default_rng(0).standard_normal((50, 3)) @ gaussian.FACTOR.T


def left_at(time: float) -> multivariate_normal:
    """The picture at that time, divided by the time: the image plus remaining noise."""
    noise = ((1 - time) / time) ** 2 * np.eye(3)
    return multivariate_normal(gaussian.MEAN, gaussian.COVARIANCE + noise)


def test_it_is_the_density_of_the_gaussian(images: np.ndarray) -> None:
    expected = left_at(LAST).logpdf(images)
    np.testing.assert_allclose(log_density(predict, images, 200), expected, atol=2e-3)
    near = log_density(predict, images, 16)
    assert np.abs(near - expected).mean() < 0.1
    # The remaining noise is negligible against a deviation of 0.4.
    unbiased = multivariate_normal(gaussian.MEAN, gaussian.COVARIANCE).logpdf(images)
    assert np.abs(expected - unbiased).mean() < 0.05


def test_without_the_divergence_it_is_not(images: np.ndarray) -> None:
    wrong = log_density(lambda state, time: (gaussian.predict(state, time), np.zeros(len(state))), images, 50)
    assert np.abs(wrong - left_at(LAST).logpdf(images)).mean() > 1


def test_bits_of_a_uniform_density_are_those_of_the_grey_levels() -> None:
    """Each of 255 level intervals is equally likely."""
    uniform = np.array([math.log(0.5) * 7])
    np.testing.assert_allclose(bits_per_dimension(uniform, 7), math.log2(255))
