"""Models of returns: forecasts by importance sampling, files, and what they learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.cli.sample import main
from aigc_tf.data.returns.opening import open_source
from aigc_tf.families.create import create
from aigc_tf.metrics.returns.forecasts import of_model, qlike
from aigc_tf.recipes.finance import ReturnSettings
from aigc_tf.recipes.returns import Returns
from aigc_tf.recipes.returns_gan import ReturnsGAN
from aigc_tf.recipes.settings import AdamSettings, LoggingSettings

NEVER = LoggingSettings(samples_every=10_000, evaluate_every=10_000)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> aigc_tf.Run:
    recipe = Returns(
        steps=200,
        filters=8,
        latent_dim=4,
        returns=ReturnSettings(length=32),
        optimizer=AdamSettings(learning_rate=5e-3),
        logging=NEVER,
    )
    return aigc_tf.train(recipe, tmp_path_factory.mktemp("returns") / "run")


def test_its_forecast_of_volatility_is_better_than_a_constant(run: aigc_tf.Run):
    source, values = run.source, run.source.values[:, 0]
    days = np.arange(len(source.training), len(values))
    forecast = of_model(run.model, values, days)
    assert qlike(forecast.variance, values[days]) < qlike(np.full(len(days), source.train.var()), values[days])
    assert ((values[days] < forecast.risk).mean()) < 0.04 and (forecast.risk < 0).all()


def test_importance_sampling_by_hand(run: aigc_tf.Run):
    means, deviations = run.model.courses()
    before = run.source.values[:31].T
    weights, last_means, last_deviations = run.model.next_day(before)
    logs = -0.5 * ((before - means[:, :-1]) / deviations[:, :-1]) ** 2 - np.log(deviations[:, :-1])
    expected = np.exp(logs.sum(axis=1) - logs.sum(axis=1).max())
    np.testing.assert_allclose(weights[0], expected / expected.sum(), rtol=1e-5, atol=1e-12)
    np.testing.assert_array_equal(last_means, means[:, -1])
    assert (last_deviations > 0).all()


def test_windows_are_written_as_paths(run: aigc_tf.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    main([str(run.path), "--count", "3", "--out", str(tmp_path / "paths.csv")])
    lines = (tmp_path / "paths.csv").read_text().splitlines()
    assert lines[0] == "sample,step,return" and len(lines) == 1 + 3 * 32
    capsys.readouterr()


def test_the_generator_of_the_gan_learns(tmp_path: Path):
    recipe = ReturnsGAN.tiny()
    source = open_source(recipe)
    model = create(recipe, scaling=source.scaling)
    before = [weight.numpy() for weight in model.generator.weights]
    batch = next(iter(source.batches(recipe.examples_per_step, 0)))
    assert batch["series"].shape == (16, 16, 1)
    logs = model.train_step(batch)
    assert all(np.isfinite(float(value)) for value in logs.values())
    assert any((old != new.numpy()).any() for old, new in zip(before, model.generator.weights, strict=True))


def test_a_days_volatility_depends_on_the_days_before_alone():
    model = create(ReturnsGAN.tiny(), scaling=open_source(ReturnsGAN.tiny()).scaling)
    inputs = model.normal(1, np.random.default_rng(0))
    changed = inputs["noise"].copy()
    changed[0, 8] += 1
    first, second = (
        model.generator([tf.constant(inputs["latent"]), tf.constant(noise)]).numpy()[0, :, 0]
        for noise in (inputs["noise"], changed)
    )
    np.testing.assert_array_equal(first[:8], second[:8])
    assert (first[8:12] != second[8:12]).any()
