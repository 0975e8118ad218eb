"""Forecasts of the next day: its volatility, its value at risk, and its price."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import special, stats

from aigc_tf.data.series.source import SeriesSource
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.returns.baselines import EWMA, GARCH, ewma_variance, fitted_garch

RISK = 0.01
"""The share of days whose loss should exceed the value at risk."""
CONSTANT, RANDOM_WALK = "constant variance", "random walk"


class Forecast(NamedTuple):
    """One-day-ahead forecasts, from the days before."""

    variance: np.ndarray
    """`[days]`."""
    risk: np.ndarray
    """Value at risk as a return that 1 % of the days fall below, `[days]`."""
    mean: np.ndarray
    """`[days]`."""


def qlike(variance: np.ndarray, returns: np.ndarray) -> float:
    """QLIKE, the mean of log σ² + r² / σ² (Patton 2011), lower is better; robust to noise in r² as a variance proxy."""
    return float((np.log(variance) + returns**2 / variance).mean())


def kupiec(exceeded: np.ndarray, share: float = RISK) -> tuple[float, float]:
    """The share of days beyond the value at risk, and the p-value of Kupiec's test that it equals `share`.

    Args:
        exceeded: bool `[days]`.
        share: the nominal share.

    Returns:
        The share, and the p-value of the likelihood ratio with one degree of freedom (Kupiec 1995, eq. 5).
    """
    days, count = len(exceeded), int(exceeded.sum())
    found = count / days
    ratio = 2 * (
        special.xlogy(count, found)
        + special.xlogy(days - count, 1 - found)
        - special.xlogy(count, share)
        - special.xlogy(days - count, 1 - share)
    )
    return found, float(stats.chi2.sf(max(ratio, 0.0), 1))


def of_model(model: Any, values: np.ndarray, days: np.ndarray) -> Forecast:
    """The model's forecast, by importance sampling of volatility paths; see `VolatilityVAE.next_day`."""
    length = model.length - 1
    before = values[days[:, None] - np.arange(length, 0, -1)]
    weights, means, deviations = model.next_day(before)
    mean = weights @ means
    variance = weights @ (deviations**2 + means**2) - mean**2
    return Forecast(variance, mixture_quantile(weights, means, deviations, RISK), mean)


def mixture_quantile(weights: np.ndarray, means: np.ndarray, deviations: np.ndarray, share: float) -> np.ndarray:
    """The quantile `share` of each mixture of normals, by bisection: `[rows]`.

    Args:
        weights: `[rows, components]`, which sum to 1.
        means: `[components]`.
        deviations: `[components]`.
        share: between 0 and 1.
    """
    low = np.full(len(weights), (means - 12 * deviations).min())
    high = np.full(len(weights), (means + 12 * deviations).max())
    for _ in range(30):
        middle = 0.5 * (low + high)
        below = (weights * special.ndtr((middle[:, None] - means) / deviations)).sum(axis=1) < share
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return 0.5 * (low + high)


def simple_forecasts(past: np.ndarray, values: np.ndarray, days: np.ndarray) -> dict[str, Forecast]:
    """Forecasts by constant variance, EWMA and, if arch is installed, GARCH(1,1), with parameters fitted to the past.

    Args:
        past: training returns.
        values: all returns.
        days: those to forecast.
    """
    mean, normal = float(past.mean()), stats.norm.ppf(RISK)
    variances = {
        CONSTANT: np.full(len(days), past.var()),
        EWMA: ewma_variance(values - mean, float(past.var()))[days],
    }
    found = {
        name: Forecast(variance, mean + np.sqrt(variance) * normal, np.full(len(days), mean))
        for name, variance in variances.items()
    }
    garch = fitted_garch(past)
    if garch is not None:
        variance = garch.variance(values, float(past.var()))[days]
        quantile = stats.t.ppf(RISK, garch.freedom) * np.sqrt(1 - 2 / garch.freedom)
        found[GARCH] = Forecast(variance, garch.mean + np.sqrt(variance) * quantile, np.full(len(days), garch.mean))
    return found


class VolatilityForecasts(Evaluator):
    """One-day-ahead forecasts over the days of a part, compared with constant variance, EWMA and GARCH(1,1).

    Figures:

    - qlike of the variance, lower is better;
    - risk_exceeded, the share of days with a return below the value at risk of 1 %, and kupiec_p, the p-value of
      Kupiec's test that it is 1 %: below 0.05 the coverage is rejected;
    - price_rmse, of the next day's log price in percent, compared with the random walk, which predicts today's price
      and is expected to win.

    GARCH needs the package arch, and is left out without it.
    """

    def measure(self, model: Any, source: SeriesSource, recipe: Any, request: Request) -> Measurement:
        """Measured on at most `request.samples` days, the last ones of the part; see `Evaluator.measure`."""
        values = source.values[:, 0]
        begin, end = (
            (len(source.training), len(values))
            if request.part == "test"
            else (len(source.train), len(source.training))
            if request.part == "validation"
            else (0, len(source.train))
        )
        days = np.arange(max(begin, model.length - 1, end - request.samples), end)
        real, values = values[days], values[:end]
        found = {"model": of_model(model, values, days), **simple_forecasts(source.train[:, 0], values, days)}
        coverage = {name: kupiec(real < forecast.risk) for name, forecast in found.items()}
        errors = {"model": root_mean_square(real - found["model"].mean), RANDOM_WALK: root_mean_square(real)}
        figures = {
            "qlike": _figure({name: qlike(forecast.variance, real) for name, forecast in found.items()}, "lower"),
            "risk_exceeded": _figure({name: share for name, (share, _) in coverage.items()}, "neither"),
            "kupiec_p": _figure({name: p for name, (_, p) in coverage.items()}, "higher"),
            "price_rmse": _figure(errors, "lower"),
        }
        facts = {
            "days forecast": len(days),
            "paths": "importance sampling of volatility paths",
            "value at risk": f"{RISK:.0%} of one day",
            f"{request.part} split": source.split_in_words(request.part),
        }
        return Measurement(figures, facts)


def root_mean_square(values: np.ndarray) -> float:
    """Root mean square."""
    return float(np.sqrt((values**2).mean()))


def _figure(found: dict[str, float], better: Any) -> Figure:
    return Figure(found.pop("model"), better, found)
