"""Forecast metrics of each part, against seasonal-naive forecasts; sequences against PCA."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import multivariate_normal

import aigc_tf
from aigc_tf.data.series.opening import open_source
from aigc_tf.data.series.source import SeriesSource
from aigc_tf.errors import InputError
from aigc_tf.families.series.autoregression import Autoregression
from aigc_tf.metrics.series.forecasts import SEASONS, Forecasts, HeldOutRMSE, best_season, origins_of, span_of
from aigc_tf.metrics.series.vrae import SequenceBounds, components_of
from aigc_tf.recipes.ar import AR
from aigc_tf.recipes.series import SeriesSettings
from aigc_tf.recipes.vrae import VRAE
from tests.metrics.reports import report_of


def wave(steps: int = 300, series: int = 1) -> np.ndarray:
    random = np.random.default_rng(0)
    t = np.arange(steps)[:, None]
    return 20 + np.sin(2 * np.pi * t / 12 + np.arange(series)) + 0.1 * random.standard_normal((steps, series))


def fitted(values: np.ndarray, **fields: object) -> tuple[Autoregression, SeriesSource]:
    recipe = AR(series=SeriesSettings(length=3), **fields)
    source = open_source(recipe, values)
    model = aigc_tf.create(recipe, scaling=source.scaling)
    model.train_step(next(iter(source.batches(recipe.batch_size, 0))))
    return model, source


def one_step_errors(model: Autoregression, source: SeriesSource, first: int, last: int) -> np.ndarray:
    """From the model's own forecasts."""
    return np.stack([model.forecast(source.values[:t], 1)[0][0] - source.values[t] for t in range(first, last)])


def test_each_part_is_forecast_from_all_that_came_before() -> None:
    model, source = fitted(wave())
    assert source.validation is not None
    learnt, training, end = len(source.train), len(source.training), len(source.values)
    spans = {"train": (0, learnt), "validation": (learnt, training), "test": (training, end)}
    scale = source.scaling.deviation
    for part, (first, last) in spans.items():
        assert span_of(source, part) == (first, last)
        errors = one_step_errors(model, source, max(first, 3), last) / scale
        value = HeldOutRMSE().value(model, source, model.recipe, 10_000, part)
        assert value == pytest.approx(np.sqrt((errors**2).mean()))
    report = report_of(Forecasts(), model, source, model.recipe)
    assert report["held_out_rmse"] == pytest.approx(HeldOutRMSE().value(model, source, model.recipe, 10_000, "test"))


def test_choosing_does_not_look_at_test_values() -> None:
    model, source = fitted(wave())
    value = HeldOutRMSE().value(model, source, model.recipe, 50, "validation")
    spoilt = dataclasses.replace(source, test=np.full_like(source.test, np.nan))
    assert HeldOutRMSE().value(model, spoilt, model.recipe, 50, "validation") == value


def test_without_a_validation_part_the_training_part_is_forecast() -> None:
    _, source = fitted(wave())
    whole = dataclasses.replace(source, train=source.training, validation=None)
    origins = origins_of(whole, 2, 10_000, "validation", known=5)
    assert (origins[0], origins[-1]) == (5, len(source.training) - 2)
    with pytest.raises(InputError, match=r"validation part of .* is too short"):
        origins_of(whole, 2, 10, "validation", known=len(source.training))


def test_the_last_season_stands_beside_the_model() -> None:
    model, source = fitted(wave(), season=12, horizon=5)
    report = report_of(Forecasts(), model, source, model.recipe)
    name, first = "repeating the last season", len(source.training)
    naive = source.values[first - 12 : -12] - source.values[first:]
    beside = report["baselines"]
    assert report["naive_one_step_rmse"] == pytest.approx(np.sqrt((naive**2).mean()))
    assert beside["one_step_rmse"] == {name: report["naive_one_step_rmse"]}
    assert beside["horizon_mae"] == {name: report["naive_horizon_mae"]}
    scaled = naive / source.scaling.deviation
    assert beside["held_out_rmse"] == {name: pytest.approx(np.sqrt((scaled**2).mean()))}
    from scipy.stats import norm

    deviation = np.sqrt(((source.train[12:] - source.train[:-12]) ** 2).mean())
    density = norm.pdf(naive, 0, deviation) * source.scaling.deviation
    assert beside["nats_per_value"] == {f"{name}, with normal errors": pytest.approx(-np.log(density).mean())}
    assert report["better"]["one_step_rmse"] == "lower" and report["better"]["largest_root"] == "neither"


def test_the_season_is_chosen_on_the_training_part_for_each_distance() -> None:
    """The last value predicts the next one well; six steps ahead, half a season, only the season helps."""
    model, source = fitted(wave(500) + 3 * np.sin(np.arange(500) / 50)[:, None], horizon=6)
    report = report_of(Forecasts(), model, source, model.recipe)
    values, first = source.values, len(source.training)
    near, far = values[first - 1 : -1] - values[first:], values[first - 7 : -12] - values[first + 5 :]
    assert report["naive_one_step_rmse"] == pytest.approx(np.sqrt((near**2).mean()))
    assert report["naive_horizon_rmse"] == pytest.approx(np.sqrt((far**2).mean()))
    names = [next(iter(report["baselines"][figure])) for figure in ("held_out_rmse", "one_step_mae", "horizon_rmse")]
    assert names == ["repeating the last value"] * 2 + ["repeating the last season"]
    said = "1 for the next value, 12 at the horizon, chosen on the training part"
    assert report["protocol"]["season of the naive forecasts"] == said
    spoilt = dataclasses.replace(source, test=np.full_like(source.test, np.nan), validation=source.validation * np.nan)
    assert (best_season(spoilt, SEASONS[:8], 1), best_season(spoilt, SEASONS[:8], 6)) == (1, 12)


def test_seasons_that_the_training_part_does_not_show_twice_are_no_candidates() -> None:
    model, source = fitted(np.random.default_rng(0).standard_normal(60)[:, None], horizon=2)
    report = report_of(Forecasts(), model, source, model.recipe)
    assert len(source.train) < 2 * 24 and np.isfinite(report["naive_horizon_rmse"])


def test_a_series_that_repeats_exactly_has_finite_figures() -> None:
    model, source = fitted(np.tile([1.0, 5.0, 2.0], 100)[:, None], season=3)
    report = report_of(Forecasts(), model, source, model.recipe)
    assert all(np.isfinite(value) for beside in report["baselines"].values() for value in beside.values())


def test_pca_of_windows_stands_beside_sequences() -> None:
    """Against scikit-learn."""
    from sklearn.decomposition import PCA

    recipe = VRAE.tiny()
    source = open_source(recipe, wave(series=2))
    model = aigc_tf.create(recipe, scaling=source.scaling)
    report = report_of(SequenceBounds(), model, source, recipe, samples=20)
    train, test = (source.windows_of(part, 10_000).reshape(-1, 12) for part in ("train", "test"))
    theirs = PCA(2, svd_solver="full").fit(train)
    some = source.windows_of("test", 20).reshape(-1, 12)
    error = np.sqrt(((theirs.inverse_transform(theirs.transform(some)) - some) ** 2).mean())
    assert report["baselines"]["reconstruction_rmse"] == {"PCA of 2 components": pytest.approx(error, rel=1e-4)}
    assert components_of(source, 2).examples == len(train) and len(test) > 20
    assert report["protocol"]["held-out sequences"] == 20
    beside = report["baselines"]["negative_bound"]
    assert beside["Gaussian of 2 principal components and noise"] == pytest.approx(-theirs.score(some), rel=1e-4)
    normal = multivariate_normal(train.mean(axis=0), np.cov(train.T))
    nats = -normal.logpdf(some).mean()
    assert beside["Gaussian of 12 principal components and noise"] == pytest.approx(nats, rel=1e-4)
    by_value = report["baselines"]["nats_per_value"]
    assert by_value == {name: pytest.approx(value / 12) for name, value in beside.items()}
