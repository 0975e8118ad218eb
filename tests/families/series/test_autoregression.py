"""The autoregressive model is least squares; its forecasts match statsmodels and simulation."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import aigc_tf
from aigc_tf.data.series.opening import open_source
from aigc_tf.data.series.source import SeriesSource
from aigc_tf.errors import InputError
from aigc_tf.families.series.autoregression import Autoregression
from aigc_tf.families.series.linear_process import LinearProcess, seasonal_naive
from aigc_tf.metrics.series.forecasts import Forecasts, HeldOutRMSE
from aigc_tf.recipes.ar import AR
from aigc_tf.recipes.series import SeriesSettings
from tests.metrics.reports import report_of

FORECASTS = Forecasts()


def simulated(*coefficients: float, steps: int = 2000, intercept: float = 0.0, seed: int = 0) -> np.ndarray:
    """A simulated path of a process, `[steps]`."""
    noise = np.random.default_rng(seed).standard_normal(steps + 200)
    values = np.zeros(len(noise))
    for t in range(len(coefficients), len(noise)):
        values[t] = intercept + sum(c * values[t - i] for i, c in enumerate(coefficients, 1)) + noise[t]
    return values[200:]


def rising() -> np.ndarray:
    """A smooth rising series with a season of 12, like carbon dioxide: its lags are nearly collinear."""
    t = np.arange(500.0)
    noise = np.random.default_rng(1).standard_normal(500)
    return 315 + 0.12 * t + 3 * np.sin(2 * np.pi * t / 12) + 0.3 * noise


def fitted(values: np.ndarray, order: int, steps: int = 1, **fields: object) -> tuple[Autoregression, SeriesSource]:
    recipe = AR(series=SeriesSettings(length=order), **fields)
    source = open_source(recipe, values)
    source = dataclasses.replace(source, train=source.training, validation=None)  # fitted on all before the test part
    model = aigc_tf.create(recipe, scaling=source.scaling)
    step = tf.function(model.train_step)
    for batch in source.batches(recipe.batch_size, recipe.seed).take(steps):
        step(batch)
    return model, source


def least_squares(values: np.ndarray, order: int) -> tuple[np.ndarray, float]:
    """Intercept and coefficients `[order + 1]`, and noise deviation, of one series `[time]`."""
    lags = [values[order - i : len(values) - i] for i in range(1, order + 1)]
    matrix = np.stack([np.ones(len(values) - order), *lags], axis=1)
    found, *_ = np.linalg.lstsq(matrix, values[order:])
    return found, float(np.sqrt(((matrix @ found - values[order:]) ** 2).mean()))


CASES = {
    "oscillating": (simulated(0.75, -0.5), 4),
    "nearly a random walk": (simulated(0.999, intercept=0.1), 1),
    "rising with a season": (rising(), 13),
    "far from zero": (simulated(0.5, 0.2) * 1e-3 + 1e4, 3),
}


@pytest.mark.parametrize("case", CASES)
def test_one_step_over_all_windows_is_least_squares(case: str):
    values, order = CASES[case]
    model, source = fitted(values, order)
    expected, deviation = least_squares(source.train[:, 0], order)
    process = model.process()
    np.testing.assert_allclose(process.coefficients[:, 0], expected[1:], rtol=1e-4)
    assert process.intercept[0] == pytest.approx(expected[0], rel=1e-4)
    assert process.deviation[0] == pytest.approx(deviation, rel=1e-4)


def test_more_steps_change_nothing_once_all_windows_count_alike():
    values, order = CASES["rising with a season"]
    expected, _ = least_squares(values[:400], order)
    for steps, batch_size in ((5, 2**16), (387, 40)):  # there are 387 windows: 40 epochs
        process = fitted(values, order, steps, batch_size=batch_size)[0].process()
        np.testing.assert_allclose(process.coefficients[:, 0], expected[1:], rtol=1e-4)


def test_small_batches_come_nearer_over_epochs():
    values, order = CASES["oscillating"]
    expected, _ = least_squares(values[:1600], order)
    errors = []
    for steps in (30, 1030):
        process = fitted(values, order, steps, batch_size=50)[0].process()
        errors.append(np.abs(process.coefficients[:, 0] - expected[1:]).max())
    assert errors[1] < errors[0] / 5 and errors[1] < 2e-3


def test_each_series_is_fitted_by_itself():
    first, second = simulated(0.6, 0.2), 100 - 7 * simulated(-0.4, 0.3, seed=1)
    together = fitted(np.stack([first, second], axis=1), 2)[0].process()
    for series, values in enumerate((first, second)):
        alone = fitted(values, 2)[0].process()
        np.testing.assert_allclose(together.coefficients[:, series], alone.coefficients[:, 0], rtol=1e-9)
        np.testing.assert_allclose(together.intercept[series], alone.intercept[0], rtol=1e-9)
        np.testing.assert_allclose(together.deviation[series], alone.deviation[0], rtol=1e-9)


def test_known_coefficients_are_found_again():
    model, _ = fitted(simulated(0.75, -0.5, intercept=3.0, steps=50_000), 2)
    process = model.process()
    np.testing.assert_allclose(process.coefficients[:, 0], [0.75, -0.5], atol=0.02)
    assert process.intercept[0] == pytest.approx(3.0, abs=0.1)
    assert process.deviation[0] == pytest.approx(1.0, abs=0.02)


def test_a_series_without_noise_goes_on_as_it_must():
    """Two lags suffice, and six are given: the minimum-norm solution is selected."""
    values = 7 + np.sin(np.arange(200) / 5)
    model, source = fitted(values, 6)
    forecast, deviation = model.forecast(source.train, 40)
    np.testing.assert_allclose(forecast, source.test, atol=1e-3)
    assert (deviation < 1e-2).all()
    assert np.isfinite(float(model.test_step({"series": source.windows_of("test", 10)})["loss"]))


@pytest.mark.parametrize("case", CASES)
def test_forecasts_are_those_of_statsmodels(case: str):
    from statsmodels.tsa.ar_model import AutoReg

    values, order = CASES[case]
    model, source = fitted(values, order)
    train, total = source.train[:, 0], len(values)
    theirs = AutoReg(train, order, trend="c").fit()
    assert model.process().deviation[0] == pytest.approx(math.sqrt(theirs.sigma2), rel=1e-4)
    ahead = theirs.get_prediction(len(train), len(train) + 23)
    mean, deviation = model.forecast(source.train, 24)
    scale = source.scaling.deviation[0]
    np.testing.assert_allclose(mean[:, 0], ahead.predicted_mean, atol=1e-3 * scale)
    np.testing.assert_allclose(deviation[:, 0], ahead.se_mean, rtol=1e-3)
    # One step ahead, each from its past: statsmodels' results over the whole series, with its coefficients.
    one_step = AutoReg(values, order, trend="c").predict(theirs.params, start=len(train), end=total - 1)
    expected = math.sqrt(((one_step - values[len(train) :]) ** 2).mean())
    report = report_of(FORECASTS, model, source, model.recipe)
    assert report["one_step_rmse"] == pytest.approx(expected, rel=1e-4)
    assert report["held_out_rmse"] == pytest.approx(expected / scale, rel=1e-4)
    origins = range(len(train), total - 11)
    known = [AutoReg(values[:origin], order, trend="c") for origin in origins]
    far = [part.predict(theirs.params, start=part.nobs + order, end=part.nobs + order + 11)[-1] for part in known]
    assert report["horizon_rmse"] == pytest.approx(math.sqrt(((far - values[len(train) + 11 :]) ** 2).mean()), rel=1e-3)


def test_spread_of_a_forecast_is_that_of_simulated_paths():
    model, source = fitted(np.stack([simulated(0.9), simulated(0.75, -0.5) * 4], axis=1), 2)
    mean, deviation = model.forecast(source.train, 12)
    paths = model.sample_forecast(source.train, 12, 20_000, seed=3)
    assert paths.shape == (20_000, 12, 2)
    np.testing.assert_allclose(paths.std(axis=0), deviation, rtol=0.03)
    np.testing.assert_allclose(paths.mean(axis=0), mean, atol=0.03 * deviation.max())
    assert not np.array_equal(paths[:1], model.sample_forecast(source.train, 12, 1, seed=4))


def test_forecast_follows_the_formula():
    process = LinearProcess(np.array([1.0]), np.array([[0.5], [0.25]]), np.array([2.0]))
    history = np.array([[9.0], [4.0], [8.0]])
    np.testing.assert_allclose(process.forecast(history, 2)[:, 0], [6.0, 6.0])  # 1 + 4 + 1, 1 + 3 + 2
    np.testing.assert_allclose(process.moving_average_weights(3)[:, 0], [1, 0.5, 0.5])
    np.testing.assert_allclose(process.forecast_deviation(3)[:, 0], 2 * np.sqrt([1, 1.25, 1.5]))
    np.testing.assert_allclose(process.largest_roots(), [(0.5 + math.sqrt(0.25 + 1)) / 2])


def test_a_history_that_is_too_short_is_refused():
    model, source = fitted(simulated(0.5), 4)
    with pytest.raises(InputError, match=r"history is of shape \[3, 1\]: expected at least 4 steps of 1 series"):
        model.forecast(source.train[:3], 5)


def test_seasonal_naive_repeats_the_last_season():
    values = np.arange(40.0)[:, None]
    found = [seasonal_naive(values, np.array([20]), horizon, 4)[0, 0] for horizon in (1, 4, 5, 8, 9)]
    assert found == [16, 19, 16, 19, 16]
    assert seasonal_naive(values, np.array([20, 21]), 3, 1)[:, 0].tolist() == [19, 20]


def test_figures_are_of_the_test_part_beside_the_naive_ones():
    values = np.tile([1.0, 5.0, 2.0], 100) + 0.01 * np.random.default_rng(0).standard_normal(300)
    model, source = fitted(values, 3, season=3, horizon=4)
    report = report_of(FORECASTS, model, source, model.recipe, samples=50)
    naive = values[237:297] - values[240:]
    assert report["protocol"]["one-step forecasts"] == 50 and report["protocol"]["forecasts at the horizon"] == 50
    report = report_of(FORECASTS, model, source, model.recipe)
    assert report["naive_one_step_rmse"] == pytest.approx(np.sqrt((naive**2).mean()))
    assert report["naive_one_step_mae"] == pytest.approx(np.abs(naive).mean())
    far = values[237:294] - values[243:]  # from 240 on, 4 steps ahead, two seasons back
    assert report["naive_horizon_rmse"] == pytest.approx(np.sqrt((far**2).mean()))
    assert report["held_out_rmse"] == HeldOutRMSE().value(model, source, model.recipe, 10_000, "test")
    with pytest.raises(InputError, match=r"season is 241, and .* has 240 steps"):
        report_of(FORECASTS, model, source, dataclasses.replace(model.recipe, season=241))


def test_nats_are_those_of_the_normal_density():
    from scipy.stats import norm

    model, source = fitted(simulated(0.6), 1, steps=2)
    process, scaling = model.process(), source.scaling
    before, after = source.values[len(source.train) - 1 : -1], source.test
    mean = process.intercept + process.coefficients[0] * before
    density = norm.pdf(after, mean, process.deviation) * scaling.deviation
    report = report_of(FORECASTS, model, source, model.recipe)
    assert report["nats_per_value"] == pytest.approx(-np.log(density).mean(), rel=1e-9)
    windows = source.windows_of("test", 1000)  # the first test value is not the target of a test window
    found = model.test_step({"series": windows})
    assert float(found["loss"]) == pytest.approx(-np.log(density[1:]).mean(), rel=1e-5)


def test_several_series_have_figures_of_their_own():
    values = np.stack([simulated(0.6), 50 + 9 * simulated(0.2, seed=1)], axis=1)
    model, source = fitted(values, 1)
    report = report_of(FORECASTS, model, source, model.recipe)
    errors = model.process().deviation
    assert report["one_step_rmse_of_series_1"] == pytest.approx(errors[0], rel=0.1)
    assert report["one_step_rmse_of_series_2"] == pytest.approx(errors[1], rel=0.1)


def test_samples_look_like_the_series():
    values = 20 + simulated(0.75, -0.5)
    model, _ = fitted(values, 2)
    samples = model.generate(200, seed=1)
    assert samples.shape == (200, 200, 1) and samples.dtype == np.float32
    assert samples.mean() == pytest.approx(values.mean(), abs=0.1)
    assert samples[:, 0].std() == pytest.approx(values.std(), rel=0.15)  # from the first value on
    apart = samples[..., 0] - samples.mean()
    correlation = (apart[:, 1:] * apart[:, :-1]).mean() / (apart**2).mean()
    assert correlation == pytest.approx(np.corrcoef(values[1:], values[:-1])[0, 1], abs=0.03)


def test_a_series_that_grows_without_end_begins_at_its_mean():
    values = 1.01 ** np.arange(300) + 0.01 * np.random.default_rng(0).standard_normal(300)
    model, source = fitted(values, 1)
    assert model.process().largest_roots()[0] > 1
    assert model.generate(50, seed=0)[:, 0].mean() == pytest.approx(source.scaling.mean[0], rel=0.1)


@pytest.mark.parametrize("order", [1, 3])
def test_the_exported_step_is_the_forecast(order: int):
    model, source = fitted(np.stack([simulated(0.6, 0.2), 300 + rising_noise()], axis=1), order)
    signature = model.signatures(source)["step"]
    state, noise = signature.examples(5, 0).values()
    assert state.shape == (5, order, 2) and noise.shape == (5, 2)
    process = model.process()
    for noises in (np.zeros((5, 3, 2), "float32"), np.stack([noise, -noise, noise], axis=1)):
        wanted = process.follow(state.astype(np.float64), noises * process.deviation)
        new_state = state
        for step in range(3):
            before = new_state
            outputs = signature.network([before, noises[:, step]])
            mean, new_state = (keras.ops.convert_to_numpy(output) for output in outputs)
            np.testing.assert_allclose(mean, process.forecast(before, 1)[:, 0], rtol=1e-5, atol=1e-4)
            np.testing.assert_allclose(new_state[:, -1], wanted[:, step], rtol=1e-5, atol=1e-4)
            np.testing.assert_array_equal(new_state[:, :-1], before[:, 1:])
    assert model.export_metadata()["noise_deviation"] == model.process().deviation.tolist()


def rising_noise() -> np.ndarray:
    return 5 * simulated(0.3, seed=2)


def test_a_run_is_resumed_with_its_sums(tmp_path: Path):
    values = simulated(0.75, -0.5)
    recipe = dataclasses.replace(AR.tiny(), steps=6)
    whole = aigc_tf.train(recipe, tmp_path / "whole", data=values)
    aigc_tf.train(dataclasses.replace(recipe, steps=2), tmp_path / "parts", data=values)
    parts = aigc_tf.train(recipe, tmp_path / "parts", resume=True, data=values)
    for name, variable in whole.model.state().items():
        np.testing.assert_array_equal(variable.numpy(), parts.model.state()[name].numpy())
    with pytest.raises(InputError, match=r"another series\.length"):
        other = dataclasses.replace(recipe, series=SeriesSettings(length=5))
        aigc_tf.train(other, tmp_path / "parts", resume=True, data=values)
    reopened = aigc_tf.Run.open(tmp_path / "parts")
    np.testing.assert_array_equal(reopened.generate(2, seed=1), whole.generate(2, seed=1))
    np.testing.assert_array_equal(reopened.model.scaling.mean, whole.model.scaling.mean)
