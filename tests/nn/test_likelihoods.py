"""Likelihoods against scipy and against their formulas in double precision."""

from __future__ import annotations

import typing

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import expit, logsumexp
from scipy.stats import bernoulli, logistic, norm

from aigc_tf.nn.likelihoods import (
    MIN_LOGISTIC_LOG_SCALE,
    Bernoulli,
    Gaussian,
    LogisticMixture,
    make_likelihood,
    softplus,
)
from aigc_tf.recipes.autoencoders import LikelihoodSettings

RANDOM = np.random.default_rng(0)
KINDS = typing.get_args(typing.get_type_hints(LikelihoodSettings)["kind"])
LEVELS = (np.arange(256) / 255).astype("float32")


def images_of(channels: int) -> np.ndarray:
    """Two 3x4 images with black, white and values in between."""
    images = RANDOM.integers(0, 256, (2, 3, 4, channels))
    images[0, 0, 0], images[0, 0, 1] = 0, 255
    return (images / 255).astype("float32")


@pytest.mark.parametrize("channels", [1, 3])
def test_bernoulli_is_scipys_for_binary_images(channels: int):
    images = np.round(images_of(channels))
    logits = RANDOM.normal(0, 4, images.shape).astype("float32")
    expected = bernoulli(expit(logits.astype("float64"))).logpmf(images).sum((1, 2, 3))
    np.testing.assert_allclose(Bernoulli().log_probability(logits, images), expected, rtol=1e-5)
    np.testing.assert_allclose(Bernoulli()(logits), expit(logits), atol=1e-6)


def test_bernoulli_of_grey_values_is_the_cross_entropy():
    images = images_of(1)
    logits = RANDOM.normal(0, 4, images.shape)
    p = expit(logits)
    expected = (images * np.log(p) + (1 - images) * np.log(1 - p)).sum((1, 2, 3))
    np.testing.assert_allclose(Bernoulli().log_probability(logits.astype("float32"), images), expected, rtol=1e-5)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("learnt", [False, True])
@pytest.mark.parametrize("scale", [0.01, 0.5, 2.0])
def test_gaussian_is_scipys(channels: int, learnt: bool, scale: float):
    images = images_of(channels)
    centres = RANDOM.normal(0.5, 0.5, images.shape).astype("float32")
    likelihood = Gaussian(scale, learnt)
    expected = norm(centres.astype("float64"), scale).logpdf(images).sum((1, 2, 3))
    np.testing.assert_allclose(likelihood.log_probability(centres, images), expected, rtol=1e-4)
    np.testing.assert_array_equal(likelihood(centres), np.clip(centres, 0, 1))
    assert len(likelihood.trainable_variables) == learnt


def test_a_learnt_scale_is_drawn_to_the_error():
    """The optimal scale of a Gaussian is the root mean squared error (Rybkin et al. 2021, eq. 8)."""
    images = images_of(3)
    errors = RANDOM.normal(0, 0.07, images.shape).astype("float32")
    (weight,) = Gaussian(1.0, learnt=True).trainable_variables
    for factor, sign in ((1.0, 0), (3.0, 1), (1 / 3, -1)):
        likelihood = Gaussian(float(factor * np.sqrt(np.mean(errors**2))), learnt=True)
        (weight,) = likelihood.trainable_variables
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(likelihood.log_probability(images + errors, images))
        gradient = float(tape.gradient(loss, weight.value))
        assert gradient == pytest.approx(0, abs=0.01) if sign == 0 else np.sign(gradient) == sign


def test_a_scale_below_the_least_is_an_error():
    with pytest.raises(ValueError, match=r"likelihood.scale is 0.001: the minimum is 0.0025"):
        Gaussian(0.001, learnt=True)


def mixture_parameters(channels: int, components: int, spread: float = 0.5) -> tuple[np.ndarray, ...]:
    """For images of `images_of`: decoder outputs, and their weights, means and scales for brightness in [-1, 1]."""
    weights = RANDOM.normal(size=(2, 3, 4, components))
    means = RANDOM.uniform(-1.2, 1.2, (2, 3, 4, channels, components))
    log_scales = RANDOM.normal(-1.5, spread, (2, 3, 4, channels, components))
    flat = [array.reshape(2, 3, 4, -1) for array in (weights, means, log_scales)]
    return np.concatenate(flat, axis=-1).astype("float32"), weights, means, np.exp(log_scales)


def naive_mixture(images: np.ndarray, weights: np.ndarray, means: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Differences of CDFs; the first and last level include the tails."""
    values = (images.astype("float64") * 2 - 1)[..., None]
    upper = np.where(values > 1 - 1 / 255, np.inf, values + 1 / 255)
    lower = np.where(values < -1 + 1 / 255, -np.inf, values - 1 / 255)
    levels = logistic(means, scales).cdf(upper) - logistic(means, scales).cdf(lower)
    shares = np.exp(weights - logsumexp(weights, axis=-1, keepdims=True))
    return np.log((shares * levels.prod(axis=3)).sum(-1)).sum((1, 2))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("components", [1, 4])
def test_mixture_is_the_naive_formula(channels: int, components: int):
    images, likelihood = images_of(channels), LogisticMixture(components)
    flat, weights, means, scales = mixture_parameters(channels, components)
    assert flat.shape[-1] == likelihood.parameters(channels)
    expected = naive_mixture(images, weights, means, scales)
    np.testing.assert_allclose(likelihood.log_probability(flat, images), expected, rtol=1e-4)


@pytest.mark.parametrize("channels", [1, 3])
def test_mean_of_a_mixture_is_that_of_its_components(channels: int):
    flat, weights, means, _ = mixture_parameters(channels, components=4)
    shares = np.exp(weights - logsumexp(weights, axis=-1, keepdims=True))[..., None, :]
    mean = (shares * np.clip(means, -1, 1)).sum(-1) / 2 + 0.5
    np.testing.assert_allclose(LogisticMixture(4)(flat), mean, atol=1e-5)


@pytest.mark.parametrize("spread", [0.5, 3.0])
def test_probabilities_of_the_levels_of_a_pixel_sum_to_one(spread: float):
    likelihood = LogisticMixture(3)
    flat = mixture_parameters(1, 3, spread)[0].reshape(24, 1, 1, -1)
    for parameters in flat:
        repeated = np.broadcast_to(parameters, (256, *parameters.shape))
        log_levels = likelihood.log_probability(repeated, LEVELS.reshape(256, 1, 1, 1)).numpy()
        assert np.exp(log_levels.astype("float64")).sum() == pytest.approx(1, abs=1e-4)


def test_channels_are_independent_given_the_component():
    """Summed over all levels of two channels, the marginal of the third remains: here for black and white."""
    likelihood = LogisticMixture(2)
    parameters = mixture_parameters(3, 2)[0][:1, :1, :1]
    first = np.stack(np.meshgrid(LEVELS, LEVELS, indexing="ij"), -1).reshape(-1, 2)
    total = 0.0
    for third in (0, 1):
        colours = np.concatenate([first, np.full((len(first), 1), third, "float32")], -1)[:, None, None]
        repeated = np.broadcast_to(parameters, (len(colours), *parameters.shape[1:]))
        total += np.exp(likelihood.log_probability(repeated, colours).numpy().astype("float64")).sum()
    weights, means, log_scales = (
        parameters[0, 0, 0, :2],
        parameters[0, 0, 0, 2:8].reshape(3, 2)[2],
        parameters[0, 0, 0, 8:].reshape(3, 2)[2],
    )
    ends = logistic(means, np.exp(log_scales))
    expected = ends.cdf(-1 + 1 / 255) + ends.sf(1 - 1 / 255)
    shares = np.exp(weights - logsumexp(weights))
    assert total == pytest.approx((shares * expected).sum(), rel=1e-3)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("extreme", [-60.0, -7.0, 0.0, 60.0])
def test_gradients_are_finite_at_extreme_parameters(channels: int, extreme: float):
    images = images_of(channels)
    for kind in KINDS:
        likelihood = make_likelihood(LikelihoodSettings(kind=kind))
        count = likelihood.parameters(channels)
        for parameters in (np.full((2, 3, 4, count), extreme), extreme * np.sign(RANDOM.normal(size=(2, 3, 4, count)))):
            variable = tf.Variable(parameters, dtype=tf.float32)
            with tf.GradientTape() as tape:
                log_probability = likelihood.log_probability(variable, images)
            assert np.isfinite(log_probability).all(), kind
            assert np.isfinite(tape.gradient(log_probability, variable)).all(), kind


def test_a_confident_mixture_is_bounded_by_its_least_scale():
    """For arbitrarily small decoder scales, a level's probability is that of the minimum scale."""
    images = np.full((1, 1, 1, 1), 100 / 255, "float32")
    centre, likelihood = float(images.item() * 2 - 1), LogisticMixture(1)
    tiny = np.array([0, centre, -50.0], "float32").reshape(1, 1, 1, 3)
    half = 1 / 255 / np.exp(MIN_LOGISTIC_LOG_SCALE)
    expected = np.log(expit(half) - expit(-half))
    assert float(likelihood.log_probability(tiny, images)[0]) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_makes_images_of_its_parameters(kind: str, channels: int):
    likelihood = make_likelihood(LikelihoodSettings(kind=kind))
    assert likelihood.name == "likelihood"
    parameters = RANDOM.normal(0, 5, (2, 3, 4, likelihood.parameters(channels))).astype("float32")
    mean = likelihood(parameters).numpy()
    assert mean.shape == (2, 3, 4, channels)
    assert mean.min() >= 0 and mean.max() <= 1 and mean.std() > 0.1
    assert likelihood.log_probability(parameters, images_of(channels)).shape == (2,)
    assert likelihood.is_density == ("gaussian" in kind)
    copy = type(likelihood).from_config(likelihood.get_config())
    np.testing.assert_array_equal(copy(parameters), mean)


def test_settings_reach_the_likelihood():
    assert make_likelihood(LikelihoodSettings(kind="logistic_mixture", components=7)).parameters(3) == 7 * 7
    gaussian = make_likelihood(LikelihoodSettings(kind="learnt_gaussian", scale=0.3))
    assert gaussian.scale == 0.3 and gaussian.learnt
    assert not make_likelihood(LikelihoodSettings(kind="gaussian")).learnt


def test_softplus_is_the_formula():
    assert float(softplus(tf.constant(0.0))) == pytest.approx(np.log(2))
    x = np.array([-100, -20, -1, 0.5, 20, 100], "float32")
    np.testing.assert_allclose(softplus(x), np.logaddexp(0, x.astype("float64")), rtol=1e-6, atol=1e-7)


def test_the_highest_bernoulli_probability_is_that_of_the_image_itself():
    images = np.array([0.0, 0.25, 0.5, 1.0], np.float32).reshape(1, 2, 2, 1)
    expected = -np.log(2) + 0.25 * np.log(0.25) + 0.75 * np.log(0.75)
    likelihood = make_likelihood(LikelihoodSettings(kind="bernoulli"))
    np.testing.assert_allclose(likelihood.highest(images), [expected], rtol=1e-6)
    with np.errstate(divide="ignore"):
        logits = np.clip(np.log(images) - np.log1p(-images), -30, 30)
    np.testing.assert_allclose(likelihood.shortfall(logits, images), [0], atol=1e-6)
    assert float(likelihood.shortfall(logits + 1, images)[0]) > 0.1
