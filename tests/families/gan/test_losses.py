"""The adversarial losses match their formulas, gradients included, at any logit."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import kstest

from aigc_tf.families.gan.losses import (
    OBJECTIVES,
    discriminator_loss,
    least_squares_discriminator_loss,
    non_saturating_generator_loss,
    r1_penalty,
)
from aigc_tf.nn.critics import between, gradient_penalty
from aigc_tf.recipes.gans import WITH_LABELS

LOGITS = np.array([-100, -30, -1.5, 0, 0.3, 30, 100])
Array = Callable[[np.ndarray], np.ndarray]


def log_sigmoid(x: np.ndarray) -> np.ndarray:
    """log(1 / (1 + exp(-x))) in extended precision, literally."""
    return -np.log1p(np.exp(-x.astype(np.longdouble))).astype(np.float64)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return np.exp(log_sigmoid(x))


# Each with its derivative: for the generator by a generated image's logit; for the discriminator by the logits of a
# real and a generated image, whose losses are added.
GENERATORS: dict[str, tuple[Array, Array]] = {
    "non_saturating": (lambda x: -log_sigmoid(x), lambda x: -sigmoid(-x)),
    "minimax": (lambda x: log_sigmoid(-x), lambda x: -sigmoid(x)),
    "least_squares": (lambda x: (x - 1) ** 2 / 2, lambda x: x - 1),
    "hinge": (lambda x: -x, lambda x: -np.ones_like(x)),
    "wasserstein": (lambda x: -x, lambda x: -np.ones_like(x)),
}
CROSS_ENTROPY = ((lambda x: -log_sigmoid(x), lambda x: -sigmoid(-x)), (lambda x: -log_sigmoid(-x), sigmoid))
DISCRIMINATORS: dict[str, tuple[tuple[Array, Array], tuple[Array, Array]]] = {
    "non_saturating": CROSS_ENTROPY,
    "minimax": CROSS_ENTROPY,
    "least_squares": ((lambda x: (x - 1) ** 2 / 2, lambda x: x - 1), (lambda x: x**2 / 2, lambda x: x)),
    "hinge": (
        (lambda x: np.maximum(0, 1 - x), lambda x: -(x < 1).astype(float)),
        (lambda x: np.maximum(0, 1 + x), lambda x: (x > -1).astype(float)),
    ),
    "wasserstein": ((lambda x: -x, lambda x: -np.ones_like(x)), (lambda x: x, np.ones_like)),
}


def column(values: np.ndarray) -> tf.Variable:
    return tf.Variable(values[:, None], dtype=tf.float32)


def test_at_zero_both_losses_are_known():
    zero = tf.zeros((4, 1))
    assert float(non_saturating_generator_loss(zero)) == pytest.approx(np.log(2))
    assert float(discriminator_loss(zero, zero)) == pytest.approx(2 * np.log(2))


def test_every_objective_has_its_formula_here():
    assert set(OBJECTIVES) == set(GENERATORS) == set(DISCRIMINATORS)


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("logit", LOGITS)
def test_generator_loss_and_gradient_are_the_formula(name: str, logit: float):
    loss_of, slope_of = GENERATORS[name]
    x = column(np.array([logit]))
    with tf.GradientTape() as tape:
        loss = OBJECTIVES[name].generator(x)
    assert float(loss) == pytest.approx(loss_of(np.array([logit]))[0], rel=1e-6)
    assert float(tape.gradient(loss, x)[0, 0]) == pytest.approx(slope_of(np.array([logit]))[0], rel=1e-5, abs=1e-30)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_discriminator_loss_and_gradients_are_the_formula(name: str):
    real, fake = (values.ravel() for values in np.meshgrid(LOGITS, LOGITS))
    (real_loss, real_slope), (fake_loss, fake_slope) = DISCRIMINATORS[name]
    x, y = column(real), column(fake)
    with tf.GradientTape() as tape:
        loss = OBJECTIVES[name].discriminator(x, y)
    gradients = tape.gradient(loss, (x, y))
    assert float(loss) == pytest.approx((real_loss(real) + fake_loss(fake)).mean(), rel=1e-6, abs=1e-6)
    for found, slope in zip(gradients, (real_slope(real), fake_slope(fake)), strict=True):
        np.testing.assert_allclose(found[:, 0] * len(real), slope, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("smoothing", [0.1, 0.5])
def test_smoothing_moves_the_target_of_real_images_alone(smoothing: float):
    real, fake = (values.ravel() for values in np.meshgrid(LOGITS, LOGITS))
    target = 1 - smoothing
    x, y = column(real), column(fake)
    with tf.GradientTape(persistent=True) as tape:
        cross_entropy = discriminator_loss(x, y, smoothing)
        squares = least_squares_discriminator_loss(x, y, smoothing)
    expected = -(target * log_sigmoid(real) + smoothing * log_sigmoid(-real)) - log_sigmoid(-fake)
    assert float(cross_entropy) == pytest.approx(expected.mean(), rel=1e-6)
    assert float(squares) == pytest.approx((((real - target) ** 2 + fake**2) / 2).mean(), rel=1e-6)
    for loss, slopes in (
        (cross_entropy, (sigmoid(real) - target, sigmoid(fake))),
        (squares, (real - target, fake)),
    ):
        for variable, slope in zip((x, y), slopes, strict=True):
            found = tape.gradient(loss, variable)[:, 0] * len(real)
            np.testing.assert_allclose(found, slope, rtol=1e-5, atol=1e-6)


def test_the_losses_with_labels_are_those_that_take_a_smoothing():
    zero = tf.zeros((2, 1))
    for name, objective in OBJECTIVES.items():
        if name in WITH_LABELS:
            assert float(objective.discriminator(zero, zero, label_smoothing=0.2)) > 0
        else:
            with pytest.raises(TypeError, match="label_smoothing"):
                objective.discriminator(zero, zero, label_smoothing=0.2)


def test_places_between_are_uniform_and_one_for_each_pair():
    """Real images are 1 and fakes 0, so that interpolated images equal the interpolation weights."""
    count = 2000
    real, fake = tf.ones((count, 3, 2, 2)), tf.zeros((count, 3, 2, 2))
    seed = keras.random.SeedGenerator(0)
    shares = between(real, fake, seed).numpy()
    assert (shares == shares[:, :1, :1, :1]).all()  # one for all pixels of an image
    shares = shares[:, 0, 0, 0]
    assert kstest(shares, "uniform").pvalue > 1e-3
    assert len(np.unique(shares)) > 0.99 * count  # not one for the whole batch
    assert not np.array_equal(between(real, fake, seed).numpy()[:, 0, 0, 0], shares)  # a new sample at each call


def test_images_between_lie_on_the_line_of_their_own_pair():
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(2, 50, 4, 4, 1)).astype(np.float32)
    shares = (between(real, fake, keras.random.SeedGenerator(1)).numpy() - fake) / (real - fake)
    np.testing.assert_allclose(shares, np.broadcast_to(shares[:, :1, :1], shares.shape), atol=1e-2)


PENALTIES = {
    # As a function of the gradient norm, with its derivative.
    gradient_penalty: (lambda norm: (norm - 1) ** 2, lambda norm: 2 * (norm - 1)),
    r1_penalty: (lambda norm: norm**2 / 2, lambda norm: norm),
}


@pytest.mark.parametrize("penalty", PENALTIES)
def test_penalties_and_their_gradients_are_the_formula(penalty: Callable[..., tf.Tensor]):
    """For D(x) = Σ w x² / 2 the gradient is w x, with norm n, and dn/dw = w x² / n."""
    random = np.random.default_rng(0)
    images, kernel = random.normal(size=(6, 3, 3, 2)), random.normal(size=(3, 3, 2))
    weights = tf.Variable(kernel, dtype=tf.float32)
    with tf.GradientTape() as tape:
        found = penalty(
            lambda x: tf.reduce_sum(weights * x**2 / 2, axis=(1, 2, 3))[:, None], tf.constant(images, tf.float32)
        )
    norms = np.sqrt(((kernel * images) ** 2).sum(axis=(1, 2, 3)))
    value, slope = PENALTIES[penalty]
    assert float(found) == pytest.approx(value(norms).mean(), rel=1e-5)
    expected = (slope(norms) / norms)[:, None, None, None] * kernel * images**2
    np.testing.assert_allclose(tape.gradient(found, weights), expected.mean(axis=0), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("penalty", "value"), [(gradient_penalty, 1.0), (r1_penalty, 0.0)])
def test_a_critic_that_says_nothing_has_a_finite_penalty_and_gradient(penalty: Callable[..., tf.Tensor], value: float):
    weight = tf.Variable(0.0)
    with tf.GradientTape() as tape:
        found = penalty(lambda x: weight * tf.reduce_sum(x, axis=(1, 2, 3))[:, None], tf.ones((2, 3, 3, 1)))
    assert float(found) == pytest.approx(value, abs=1e-5)
    assert float(tape.gradient(found, weight)) == 0
