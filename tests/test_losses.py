"""The losses are their formulas, gradients included, at any logit."""

import numpy as np
import pytest
import tensorflow as tf

from aigc_tf.losses import discriminator_loss, non_saturating_generator_loss

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
