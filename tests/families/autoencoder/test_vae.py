"""The VAE's objective is the evidence lower bound and its variants, in nats per image."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.families.autoencoder.vae import VAE
from aigc_tf.nn.layers import GaussianSample
from aigc_tf.recipes import vae as vae_recipe

Recipe = vae_recipe.VAE

IMAGES = np.random.default_rng(0).uniform(-1, 1, (8, 16, 16, 1)).astype("float32")
BRIGHTNESS = 0.5 * IMAGES + 0.5


@pytest.fixture
def tiny() -> Recipe:
    return dataclasses.replace(Recipe.tiny(), average_images=None)


def naive_bound(model: VAE, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Reconstruction and KL `[batch]` in float64, KL from log densities."""
    mean, log_variance = (part.numpy().astype("float64") for part in model.encoder(IMAGES))
    latent = mean + np.exp(log_variance / 2) * noise
    probability = 1 / (1 + np.exp(-model.decoder(latent.astype("float32")).numpy().astype("float64")))
    reconstruction = -(BRIGHTNESS * np.log(probability) + (1 - BRIGHTNESS) * np.log(1 - probability)).sum((1, 2, 3))
    kl = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(1)
    return reconstruction, kl


def first_noise(model: VAE, recipe: Recipe) -> np.ndarray:
    fresh = GaussianSample(recipe.seed ^ 1)
    return fresh(np.zeros((8, recipe.latent_dim)), np.zeros((8, recipe.latent_dim))).numpy()


def test_training_loss_is_the_bound_summed_over_pixels_and_latents(tiny: Recipe):
    model = aigc_tf.create(tiny)
    reconstruction, kl = naive_bound(model, first_noise(model, tiny))
    logs = model.train_step({"image": IMAGES})
    assert float(logs["reconstruction_loss"]) == pytest.approx(reconstruction.mean(), rel=1e-5)
    assert float(logs["kl"]) == pytest.approx(kl.mean(), rel=1e-4)
    assert float(logs["loss"]) == pytest.approx((reconstruction + kl).mean(), rel=1e-5)


def test_gradients_reach_the_encoder_through_the_noise(tiny: Recipe):
    """Against the gradient of the naive objective with the same noise."""
    model = aigc_tf.create(tiny)
    noise = first_noise(model, tiny)
    with tf.GradientTape() as tape:
        mean, log_variance = model.encoder(IMAGES)
        logits = model.decoder(mean + tf.exp(log_variance / 2) * noise)
        cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits(BRIGHTNESS, logits)
        kl = 0.5 * (mean**2 + tf.exp(log_variance) - 1 - log_variance)
        loss = tf.reduce_mean(tf.reduce_sum(cross_entropy, [1, 2, 3]) + tf.reduce_sum(kl, 1))
    expected = tape.gradient(loss, model.learning)

    class Recorder:
        iterations = 1

        def apply(self, gradients: list[tf.Tensor], weights: list[keras.Variable]) -> None:
            self.gradients = gradients

    model.adam = Recorder()
    model.train_step({"image": IMAGES})
    for found, wanted in zip(model.adam.gradients, expected, strict=True):
        scale = float(np.abs(wanted).max())
        assert scale > 0
        np.testing.assert_allclose(found, wanted, atol=1e-5 * scale)


def test_held_out_loss_is_the_bound_whatever_the_training_objective(tiny: Recipe):
    plain, weighted = aigc_tf.create(tiny), aigc_tf.create(dataclasses.replace(tiny, beta=7.0))
    noise = keras.random.normal((8, tiny.latent_dim), seed=1).numpy()
    expected = np.sum(naive_bound(plain, noise), axis=0).mean()
    for model in (plain, weighted):
        assert float(model.test_step({"image": IMAGES})["loss"]) == pytest.approx(expected, rel=1e-5)
    assert (
        float(weighted.train_step({"image": IMAGES})["loss"]) > float(plain.train_step({"image": IMAGES})["loss"]) + 0.1
    )


DIVERGENCE = np.array([[0.1, 2.0, 0.0, 0.5], [0.3, 4.0, 0.0, 0.7]], "float32")  # means 0.2, 3, 0, 0.6


@pytest.mark.parametrize(
    ("fields", "steps", "expected"),
    [
        ({}, 0, 3.8),
        ({"beta": 4.0}, 0, 4 * 3.8),
        ({"free_bits": 0.5}, 0, 0.5 + 3 + 0.5 + 0.6),
        ({"annealing_steps": 10}, 0, 0.0),
        ({"annealing_steps": 10, "beta": 2.0}, 5, 3.8),
        ({"annealing_steps": 10, "beta": 2.0}, 99, 2 * 3.8),
        ({"capacity": 10.0, "capacity_steps": 100, "beta": 3.0}, 0, 3 * 3.8),
        ({"capacity": 10.0, "capacity_steps": 100, "beta": 3.0}, 20, 3 * 1.8),
        ({"capacity": 10.0, "capacity_steps": 100, "beta": 3.0}, 500, 3 * 6.2),
    ],
)
def test_what_training_pays_for_the_divergence(tiny: Recipe, fields: dict[str, float], steps: int, expected: float):
    model = aigc_tf.create(dataclasses.replace(tiny, **fields))
    model.adam.iterations.assign(steps)
    assert float(model.cost(tf.constant(DIVERGENCE))) == pytest.approx(expected, rel=1e-5)


def test_a_capacity_excludes_the_other_schedules():
    with pytest.raises(ValueError, match=r"capacity is 5.0.*leave those at 0"):
        Recipe(capacity=5.0, free_bits=0.1)


def test_sampling_layer_draws_from_its_own_stream():
    layer, same, other = GaussianSample(3), GaussianSample(3), GaussianSample(4)
    mean, log_variance = np.full((20_000, 2), 5.0, "float32"), np.log(np.full((20_000, 2), 4.0, "float32"))
    first = layer(mean, log_variance).numpy()
    assert first.mean() == pytest.approx(5.0, abs=0.05) and first.std() == pytest.approx(2.0, abs=0.05)
    np.testing.assert_array_equal(first, same(mean, log_variance))
    assert np.abs(first - layer(mean, log_variance).numpy()).max() > 1
    assert np.abs(first - other(mean, log_variance).numpy()).max() > 1
    np.testing.assert_allclose(layer(mean, log_variance, np.ones_like(mean)), 7.0, rtol=1e-6)


def test_noise_goes_on_through_the_state(tiny: Recipe):
    """The state includes the noise stream: a restored model continues with the same samples."""
    model, restored = aigc_tf.create(tiny), aigc_tf.create(tiny)
    model.train_step({"image": IMAGES})
    for variable, saved in zip(restored.state().values(), model.state().values(), strict=True):
        variable.assign(saved)
    assert float(model.train_step({"image": IMAGES})["loss"]) == float(restored.train_step({"image": IMAGES})["loss"])


def test_importance_weights_are_the_densities_ratio(tiny: Recipe):
    from scipy.stats import norm

    model = aigc_tf.create(tiny)
    noise = np.random.default_rng(1).standard_normal((5, 8, tiny.latent_dim)).astype("float32")
    mean, log_variance = (part.numpy().astype("float64") for part in model.encoder(IMAGES))
    deviation = np.exp(log_variance / 2)
    latents = mean + deviation * noise
    logits = model.decoder(latents.reshape(40, -1).astype("float32")).numpy().astype("float64")
    logits = logits.reshape(5, *IMAGES.shape)
    explained = (BRIGHTNESS * logits - np.logaddexp(0, logits)).sum((2, 3, 4))
    expected = explained + norm.logpdf(latents).sum(-1) - norm.logpdf(latents, mean, deviation).sum(-1)
    np.testing.assert_allclose(model.log_importance_weights(BRIGHTNESS, noise), expected, atol=2e-3)


def test_score_is_what_the_bound_at_the_posteriors_mean_lacks(tiny: Recipe):
    model = aigc_tf.create(tiny)
    entropy = -(BRIGHTNESS * np.log(BRIGHTNESS) + (1 - BRIGHTNESS) * np.log(1 - BRIGHTNESS)).sum((1, 2, 3))
    reconstruction, kl = naive_bound(model, np.zeros((8, tiny.latent_dim)))
    np.testing.assert_allclose(model.score(BRIGHTNESS), reconstruction + kl - entropy, rtol=1e-4)
    noise = np.random.default_rng(2).standard_normal((8, tiny.latent_dim)).astype("float32")
    reconstruction, kl = naive_bound(model, noise)
    scored = model.signatures()["score"].network([BRIGHTNESS, noise])
    np.testing.assert_allclose(scored, reconstruction + kl - entropy, rtol=1e-4)


def test_active_units_are_the_dimensions_that_vary(tiny: Recipe):
    model = aigc_tf.create(tiny)
    mean = np.zeros((8, 4), "float32")
    mean[:, 1] = np.linspace(-1, 1, 8)
    mean[:, 2] = np.linspace(-0.05, 0.05, 8)  # variance 0.0011, below 0.01
    logs = model.watch((mean, np.zeros_like(mean)), DIVERGENCE)
    assert float(logs["active_units"]) == 1
    assert float(logs["kl"]) == pytest.approx(0.5 * (mean**2).sum(axis=1).mean())  # for unit variances


def test_prior_draws_are_numpys(tiny: Recipe):
    model = aigc_tf.create(tiny)
    expected = np.random.default_rng(5).standard_normal((3, 4), dtype=np.float32)
    np.testing.assert_array_equal(model.latents(3, 5), expected)
    np.testing.assert_allclose(model.generate(3, seed=5), tf.sigmoid(model.decoder(expected)), atol=1e-6)
