"""The losses are their formulas, gradients included, at any logit."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.integrate import quad
from scipy.stats import norm

from aigc_tf.losses import discriminator_loss, gaussian_kl, non_saturating_generator_loss

LOGITS = np.array([-100, -30, -1.5, 0, 0.3, 30, 100])


def log_sigmoid(x: np.ndarray) -> np.ndarray:
    """log(1 / (1 + exp(-x))) in extended precision, as the formula is written."""
    return -np.log1p(np.exp(-x.astype(np.longdouble))).astype(np.float64)


def test_at_zero_both_losses_are_known():
    zero = tf.zeros((4, 1))
    assert float(non_saturating_generator_loss(zero)) == pytest.approx(np.log(2))
    assert float(discriminator_loss(zero, zero)) == pytest.approx(2 * np.log(2))


@pytest.mark.parametrize("logit", LOGITS)
def test_generator_loss_and_gradient_are_the_formula(logit: float):
    x = tf.Variable([[logit]], dtype=tf.float32)
    with tf.GradientTape() as tape:
        loss = non_saturating_generator_loss(x)
    assert float(loss) == pytest.approx(-log_sigmoid(np.array([logit]))[0], rel=1e-6)
    assert float(tape.gradient(loss, x)[0, 0]) == pytest.approx(-1 / (1 + np.exp(logit)), rel=1e-5, abs=1e-30)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_discriminator_loss_is_the_cross_entropy_against_its_targets(smoothing: float):
    real, fake = np.meshgrid(LOGITS, LOGITS)
    real, fake = real.ravel(), fake.ravel()
    target = 1 - smoothing
    expected = -(target * log_sigmoid(real) + smoothing * log_sigmoid(-real)) - log_sigmoid(-fake)
    x, y = (tf.Variable(v[:, None], dtype=tf.float32) for v in (real, fake))
    with tf.GradientTape() as tape:
        loss = discriminator_loss(x, y, smoothing)
    assert float(loss) == pytest.approx(expected.mean(), rel=1e-6)
    gradient_real, gradient_fake = tape.gradient(loss, (x, y))
    sigmoid = lambda v: np.exp(log_sigmoid(v))  # noqa: E731
    np.testing.assert_allclose(gradient_real[:, 0] * len(real), sigmoid(real) - target, atol=1e-6)
    np.testing.assert_allclose(gradient_fake[:, 0] * len(fake), sigmoid(fake), atol=1e-6)


@pytest.mark.parametrize(("mean", "log_variance"), [(0.0, 0.0), (1.5, -2.0), (-3.0, 1.0), (0.2, -6.0), (0.0, 3.0)])
def test_gaussian_kl_is_the_integral(mean: float, log_variance: float):
    posterior, prior = norm(mean, np.exp(log_variance / 2)), norm()
    ends = posterior.ppf([1e-15, 1 - 1e-15])
    expected, _ = quad(lambda z: posterior.pdf(z) * (posterior.logpdf(z) - prior.logpdf(z)), *ends)
    found = gaussian_kl(tf.constant([[mean]]), tf.constant([[log_variance]]))
    assert found.shape == (1, 1)
    assert float(found[0, 0]) == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_gaussian_kl_is_of_each_dimension_and_never_negative():
    mean, log_variance = np.random.default_rng(0).normal(0, 2, (2, 50, 3)).astype("float32")
    divergence = gaussian_kl(mean, log_variance).numpy()
    assert divergence.shape == (50, 3) and (divergence > 0).all()
    np.testing.assert_allclose(divergence[:, 1], gaussian_kl(mean[:, 1:2], log_variance[:, 1:2])[:, 0], rtol=1e-6)
