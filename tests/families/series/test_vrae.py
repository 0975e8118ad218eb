"""The recurrent autoencoder's objective is the evidence lower bound of standardised sequences, in nats."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.data.series.opening import open_source
from aigc_tf.data.series.source import SeriesSource
from aigc_tf.families.series.vrae import RecurrentVAE
from aigc_tf.metrics.held_out import HeldOutLoss
from aigc_tf.metrics.series.vrae import SequenceBounds
from aigc_tf.nn.layers import GaussianSample
from aigc_tf.recipes.series import SeriesSettings
from aigc_tf.recipes.vrae import VRAE
from tests.metrics.reports import report_of

BOUNDS = SequenceBounds()


def two_series(steps: int = 300) -> np.ndarray:
    t = np.arange(steps)
    noise = 0.1 * np.random.default_rng(0).standard_normal((2, steps))
    return np.stack([50 + 5 * np.sin(t / 3), 0.1 * np.cos(t / 5)], axis=1) + noise.T * [1, 0.01]


@pytest.fixture
def source() -> SeriesSource:
    return open_source(recipe(), two_series())


def recipe(**fields: object) -> VRAE:
    return dataclasses.replace(VRAE.tiny(), annealing_steps=0, **fields)


def made(source: SeriesSource, **fields: object) -> RecurrentVAE:
    model = aigc_tf.create(recipe(**fields), scaling=source.scaling)
    for variable in model.decoder.trainable_variables:  # so that latents matter
        variable.assign(variable * 3)
    model.free_log_deviation.assign([6.5, 5.0])
    return model


def naive_bound(model: RecurrentVAE, windows: np.ndarray, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Reconstruction and KL `[batch]` in nats, in float64."""
    from scipy.stats import norm

    mean, log_variance = (part.numpy().astype("float64") for part in model.encoder(windows))
    latents = mean + np.exp(log_variance / 2) * noise
    deviation = np.exp(-6 + np.log1p(np.exp(model.free_log_deviation.numpy().astype("float64"))))
    means = model.decoder(latents.astype("float32")).numpy()
    reconstruction = -norm.logpdf(windows, means, deviation).sum((1, 2))
    return reconstruction, 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(1)


def first_noise(count: int) -> np.ndarray:
    return GaussianSample(0)(np.zeros((count, 2)), np.zeros((count, 2))).numpy()


def test_the_deviation_begins_as_that_of_the_series(source: SeriesSource):
    model = aigc_tf.create(recipe(), scaling=source.scaling)
    np.testing.assert_allclose(model.log_deviation(), 0, atol=1e-6)
    np.testing.assert_allclose(model.noise_deviation(), source.scaling.deviation, rtol=1e-6)


def test_training_loss_is_the_bound_summed_over_time_series_and_latents(source: SeriesSource):
    model, windows = made(source), source.windows_of("test", 8)
    reconstruction, kl = naive_bound(model, windows, first_noise(8))
    logs = model.train_step({"series": tf.constant(windows)})
    assert float(logs["reconstruction_loss"]) == pytest.approx(reconstruction.mean(), rel=1e-4)
    assert float(logs["kl"]) == pytest.approx(kl.mean(), rel=1e-4)
    assert float(logs["loss"]) == pytest.approx((reconstruction + kl).mean(), rel=1e-4)


@pytest.mark.parametrize(
    ("fields", "steps", "weight"), [({"beta": 3.0}, 0, 3.0), ({"annealing_steps": 10}, 4, 0.4), ({}, 0, 1.0)]
)
def test_the_divergence_costs_what_the_recipe_says(
    source: SeriesSource, fields: dict[str, float], steps: int, weight: float
):
    model = aigc_tf.create(dataclasses.replace(recipe(), **fields), scaling=source.scaling)
    model.adam.iterations.assign(steps)
    logs = model.train_step({"series": tf.constant(source.windows_of("test", 8))})
    cost = float(logs["loss"]) - float(logs["reconstruction_loss"])
    assert cost == pytest.approx(weight * float(logs["kl"]), abs=1e-4)


def test_free_bits_cost_what_they_would_at_least(source: SeriesSource):
    model = made(source, free_bits=100.0)
    logs = model.train_step({"series": tf.constant(source.windows_of("test", 8))})
    assert float(logs["loss"]) - float(logs["reconstruction_loss"]) == pytest.approx(200, rel=1e-3)


def test_every_weight_learns_from_the_bound(source: SeriesSource):
    model = made(source)
    before = [weight.numpy() for weight in model.learning]
    model.train_step({"series": tf.constant(source.windows_of("test", 8))})
    for weight, old in zip(model.learning, before, strict=True):
        assert not np.array_equal(weight.numpy(), old), weight.path


def test_held_out_loss_is_the_bound_whatever_the_training_objective(source: SeriesSource):
    windows = source.windows_of("test", 1000)
    noise = keras.random.normal((len(windows), 2), seed=0).numpy()
    for fields in ({}, {"beta": 7.0, "free_bits": 2.0}):
        model = made(source, **fields)
        expected = np.sum(naive_bound(model, windows, noise), axis=0).mean()
        assert HeldOutLoss().value(model, source, model.recipe, 1000, "test") == pytest.approx(expected, rel=1e-4)


def test_figures_are_those_of_the_latents(source: SeriesSource):
    model = made(source)
    # Two latent dimensions, one of them constant.
    for weight in model.encoder.get_layer("mean").weights:
        values = 3 * weight.numpy()
        values[..., 1] = 0
        weight.assign(values)
    report = report_of(BOUNDS, model, source, model.recipe, samples=30)
    windows = source.windows_of("test", 30)
    mean, _ = model.encoder(windows)
    rebuilt = model.decoder(mean).numpy()
    assert report["active_units"] == 1
    assert report["reconstruction_rmse"] == pytest.approx(np.sqrt(((rebuilt - windows) ** 2).mean()), rel=1e-4)
    assert report["kl_divergence"] == pytest.approx(naive_bound(model, windows, first_noise(30))[1].mean(), rel=1e-4)
    assert report["nats_per_value"] == pytest.approx(report["negative_bound"] / 12)
    assert report["protocol"]["held-out sequences"] == 30


def test_sequences_are_in_the_series_own_units(source: SeriesSource):
    model = made(source)
    random = np.random.default_rng(5)
    latents = random.standard_normal((700, 2), dtype=np.float32)  # more than one decoding batch
    means = source.scaling.restore(model.decoder(latents).numpy())
    np.testing.assert_allclose(model.decode(latents), means, rtol=1e-4, atol=1e-4)
    samples = model.generate(700, seed=5)
    assert samples.shape == (700, 6, 2) and samples.dtype == np.float32
    noise = random.standard_normal(means.shape, dtype=np.float32) * model.noise_deviation()
    np.testing.assert_allclose(samples, means + noise, rtol=1e-4, atol=1e-4)


def test_exported_networks_take_and_give_the_series_own_units(source: SeriesSource):
    model = made(source)
    signatures = model.signatures(source)
    sequences = signatures["encode"].examples(9, 0)["sequence"]
    assert sequences.shape == (9, 6, 2) and sequences[..., 0].min() > 40
    found = [keras.ops.convert_to_numpy(part) for part in signatures["encode"].network(sequences)]
    for got, wanted in zip(found, model.posterior(model.prepared(sequences)), strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-4)
    latents = signatures["decode"].examples(9, 0)["latent"]
    np.testing.assert_allclose(signatures["decode"].network(latents), model.decode(latents), rtol=1e-4, atol=1e-4)
    assert model.export_metadata()["noise_deviation"] == model.noise_deviation().tolist()


def test_it_learns_which_part_of_a_wave_it_is(tmp_path: Path):
    """The phase determines a window: the latent encodes it, and the bound is far below that of plain noise."""
    wave = np.sin(np.arange(600) / 4) + 0.05 * np.random.default_rng(0).standard_normal(600)
    settings = SeriesSettings(length=8)
    learning = recipe(series=settings, units=16, batch_size=32, steps=400)
    faster = dataclasses.replace(learning.optimizer, learning_rate=1e-2)
    run = aigc_tf.train(dataclasses.replace(learning, optimizer=faster), tmp_path / "run", data=wave)
    report = report_of(BOUNDS, run.model, run.source, run.recipe)
    assert report["nats_per_value"] < 0.9  # a normal distribution of the same deviation: 1.42
    assert report["active_units"] == 2
    assert report["reconstruction_rmse"] < 0.4


def test_lengths_that_cannot_be_unrolled_are_refused():
    with pytest.raises(ValueError, match=r"series.length is 129: sequences have at most 128"):
        VRAE(series=SeriesSettings(length=129))
