"""Likelihood bounds of a linear-Gaussian VAE with known likelihood, and their computation in chunks."""

from __future__ import annotations

import dataclasses
import math

import keras
import numpy as np
import pytest
from scipy.stats import kstest, multivariate_normal, norm

from aigc_tf.families.autoencoder.vae import VAE
from aigc_tf.metrics import likelihood
from aigc_tf.metrics.likelihood import (
    STATIC_SEED,
    binarised,
    bits_per_dimension,
    chunk_sizes,
    lower_bounds,
    posterior_noise,
)
from aigc_tf.recipes import vae as vae_recipe
from aigc_tf.recipes.autoencoders import LikelihoodSettings
from aigc_tf.recipes.images import ImageSettings

SHAPE, LATENT, SCALE = (2, 3, 1), 2, 0.3
PIXELS = math.prod(SHAPE)
RANDOM = np.random.default_rng(0)
WEIGHTS = RANDOM.normal(size=(LATENT, PIXELS)) * 0.3
OFFSET = RANDOM.uniform(0.3, 0.7, PIXELS)
IMAGES = RANDOM.uniform(0, 1, (7, *SHAPE)).astype("float32")
MARGINAL = multivariate_normal(OFFSET, WEIGHTS.T @ WEIGHTS + SCALE**2 * np.eye(PIXELS)).logpdf(IMAGES.reshape(7, -1))
# The exact posterior of a Gaussian prior and a linear decoder; a rotation diagonalises its covariance.
PRECISION = np.eye(LATENT) + WEIGHTS @ WEIGHTS.T / SCALE**2


def linear(inputs: int, kernel: np.ndarray, bias: np.ndarray, name: str) -> keras.layers.Dense:
    layer = keras.layers.Dense(kernel.shape[1], name=name)
    layer.build((None, inputs))
    layer.set_weights([kernel, bias])
    return layer


def linear_gaussian_vae(
    decoder_kernel: np.ndarray, mean_kernel: np.ndarray, mean_bias: np.ndarray, variance: np.ndarray
):
    """x = decoder_kernel z + OFFSET + SCALE * noise; q(z | x) = N(mean_kernel x + mean_bias, variance)."""
    recipe = vae_recipe.VAE(
        images=ImageSettings(height=SHAPE[0], width=SHAPE[1]),
        likelihood=LikelihoodSettings(kind="gaussian", scale=SCALE),
        latent_dim=LATENT,
        average_images=None,
    )
    image, latent = keras.Input(SHAPE), keras.Input((LATENT,))
    flat = keras.layers.Flatten()(image)
    # The encoder's inputs run from -1 to 1: x = (inputs + 1) / 2.
    mean = linear(PIXELS, mean_kernel / 2, mean_bias + mean_kernel.sum(0) / 2, "mean")(flat)
    log_variance = linear(PIXELS, np.zeros((PIXELS, LATENT)), np.log(variance), "log_variance")(flat)
    pixels = linear(LATENT, decoder_kernel, OFFSET, "pixels")(latent)
    decoder = keras.Model(latent, keras.layers.Reshape(SHAPE)(pixels))
    return VAE(recipe, keras.Model(image, [mean, log_variance]), decoder)


@pytest.fixture(scope="module")
def exact() -> VAE:
    """With the exact posterior as encoder, in latent axes in which it factorises."""
    variances, axes = np.linalg.eigh(np.linalg.inv(PRECISION))
    turned = axes.T @ WEIGHTS
    mean_kernel = turned.T * variances / SCALE**2
    return linear_gaussian_vae(turned, mean_kernel, -OFFSET @ mean_kernel, variances)


@pytest.fixture(scope="module")
def arbitrary() -> VAE:
    """With an encoder of wrong mean and width, wider than the posterior."""
    mean_kernel = WEIGHTS.T @ np.linalg.inv(PRECISION) / SCALE**2
    return linear_gaussian_vae(WEIGHTS, mean_kernel, -OFFSET @ mean_kernel + [0.2, -0.3], np.array([0.5, 0.4]))


def test_under_the_exact_posterior_every_weight_is_the_likelihood(exact: VAE):
    noise = RANDOM.standard_normal((20, 7, LATENT)).astype("float32")
    weights = exact.log_importance_weights(IMAGES, noise)
    np.testing.assert_allclose(weights, np.broadcast_to(MARGINAL, (20, 7)), atol=1e-4)
    for bound in lower_bounds(exact, IMAGES, samples=1):
        np.testing.assert_allclose(bound, MARGINAL, atol=1e-4)


def test_with_many_samples_the_bound_is_the_likelihood_within_its_error(arbitrary: VAE):
    samples = 40_000
    bound = lower_bounds(arbitrary, IMAGES, samples, seed=1).importance_weighted
    noise = RANDOM.standard_normal((samples, 7, LATENT)).astype("float32")
    ratios = np.exp(arbitrary.log_importance_weights(IMAGES, noise) - MARGINAL)  # their mean is 1
    error = ratios.std(axis=0) / np.sqrt(samples)
    assert error.max() < 0.02
    assert np.abs(bound - MARGINAL).max() < 4 * error.max()
    assert np.sqrt(np.mean(((bound - MARGINAL) / error) ** 2)) < 2


def test_the_evidence_lower_bound_lacks_the_divergence_from_the_posterior(arbitrary: VAE):
    """KL(q || posterior) of two normals in closed form."""
    mean, log_variance = arbitrary.posterior(IMAGES)
    posterior_mean = (IMAGES.reshape(7, -1) - OFFSET) @ WEIGHTS.T @ np.linalg.inv(PRECISION) / SCALE**2
    shift = mean - posterior_mean
    spread = np.exp(log_variance) @ np.diag(PRECISION) - log_variance.sum(1) - np.linalg.slogdet(PRECISION)[1] - LATENT
    gap = 0.5 * (spread + np.einsum("ni,ij,nj->n", shift, PRECISION, shift))
    bound = lower_bounds(arbitrary, IMAGES, samples=40_000).evidence_lower_bound
    np.testing.assert_allclose(bound, MARGINAL - gap, atol=0.1)
    assert gap.min() > 0.5


def test_the_bound_rises_with_the_samples(arbitrary: VAE):
    """In the mean over 300 copies of each image with independent noise."""
    copies = np.repeat(IMAGES, 300, axis=0)
    means = [lower_bounds(arbitrary, copies, k).importance_weighted.mean() for k in (1, 2, 5, 20, 100)]
    assert (np.diff(means) > 0.003).all()
    assert means[-1] < MARGINAL.mean() + 0.005


@pytest.mark.parametrize("samples", [1, 7, 150])
def test_cutting_the_work_changes_nothing(arbitrary: VAE, samples: int, monkeypatch: pytest.MonkeyPatch):
    whole = lower_bounds(arbitrary, IMAGES, samples, seed=3)
    for numbers in (1, 4 * PIXELS, 70 * PIXELS):  # one sample at a time; some samples of an image; several images
        monkeypatch.setattr(likelihood, "DECODED_NUMBERS", numbers)
        for found, expected in zip(lower_bounds(arbitrary, IMAGES, samples, seed=3), whole, strict=True):
            assert found.shape == (7,)
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    first = lower_bounds(arbitrary, IMAGES[:3], samples, seed=3)
    np.testing.assert_allclose(first.importance_weighted, whole.importance_weighted[:3], rtol=1e-5, atol=1e-5)
    other = lower_bounds(arbitrary, IMAGES, samples, seed=4)
    assert np.abs(other.importance_weighted - whole.importance_weighted).min() > 1e-5


def test_chunks_fill_what_is_decoded_at_once():
    assert chunk_sizes(1, 784) == (1337, 1)
    assert chunk_sizes(100, 784) == (13, 100)
    assert chunk_sizes(5000, 784) == (1, 1250)
    assert chunk_sizes(10, 2**21) == (1, 1)


def test_nothing_is_decoded_beyond_the_limit(arbitrary: VAE, monkeypatch: pytest.MonkeyPatch):
    shapes = []
    measure = VAE.log_importance_weights
    monkeypatch.setattr(
        VAE, "log_importance_weights", lambda self, x, noise: shapes.append(noise.shape) or measure(self, x, noise)
    )
    monkeypatch.setattr(likelihood, "DECODED_NUMBERS", 50 * PIXELS)
    lower_bounds(arbitrary, IMAGES, 130)
    assert shapes == [(44, 1, LATENT)]  # traced once, for all images and samples


def test_noise_is_standard_normal_and_of_its_own_for_each_sample():
    key = np.array([5], np.uint64)
    noise = posterior_noise(key, np.arange(40, dtype=np.int32), 0, 100, 6).numpy()  # six: not a multiple of four
    assert noise.shape == (100, 40, 6)
    assert len(np.unique(noise)) > 0.999 * noise.size
    assert kstest(noise.ravel(), norm.cdf).pvalue > 0.001
    correlations = np.corrcoef(noise.transpose(2, 1, 0).reshape(240, 100))[np.triu_indices(240, 1)]
    assert np.std(correlations) == pytest.approx(0.1, abs=0.01)  # 1 / sqrt(100): independent
    np.testing.assert_array_equal(posterior_noise(key, np.array([7], np.int32), 30, 20, 6)[:, 0], noise[30:50, 7])


def test_bits_count_a_density_by_the_distance_of_grey_levels(exact: VAE):
    """A standard normal of width 0.3 over levels 1/255 apart: summed over the levels it is a probability."""
    levels = np.arange(-2000, 2000) / 255
    shares = norm.pdf(levels, scale=SCALE) / 255
    assert shares.sum() == pytest.approx(1, abs=1e-6)
    density_nats = PIXELS * norm.logpdf(0.5, scale=SCALE)
    expected = -np.log2(norm.pdf(0.5, scale=SCALE) / 255)
    assert bits_per_dimension(density_nats, exact) == pytest.approx(expected)


def test_bits_of_probabilities_are_nats_over_ln_2():
    from aigc_tf.families.create import create

    model = create(dataclasses.replace(vae_recipe.VAE.tiny(), average_images=None))
    assert bits_per_dimension(-256 * math.log(2), model) == pytest.approx(1.0)


def test_binarised_images_are_bernoulli_draws():
    grey = np.full((500, 4, 4, 1), 0.3, np.float32)
    drawn = binarised(grey, STATIC_SEED)
    assert set(np.unique(drawn)) == {0.0, 1.0}
    assert drawn.mean() == pytest.approx(0.3, abs=0.02)
    np.testing.assert_array_equal(binarised(grey[:10], STATIC_SEED), drawn[:10])
    random = np.random.default_rng(STATIC_SEED)  # continues from chunk to chunk, for any sizes
    parts = [binarised(grey[start:end], random) for start, end in ((0, 7), (7, 300), (300, 500))]
    np.testing.assert_array_equal(np.concatenate(parts), drawn)
    assert np.mean(binarised(grey, STATIC_SEED + 1) == drawn) == pytest.approx(0.3**2 + 0.7**2, abs=0.02)
    ends = np.array([0.0, 1.0], np.float32).reshape(2, 1, 1, 1)
    np.testing.assert_array_equal(binarised(ends, 5), ends)


def test_no_samples_are_refused(exact: VAE):
    with pytest.raises(ValueError, match="samples is 0"):
        lower_bounds(exact, IMAGES, 0)
