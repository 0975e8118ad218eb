"""How good an autoregressive model is: forecasts of held-out time, beside those that repeat the last season."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from aigc_tf.data.series.source import SeriesSource
from aigc_tf.errors import InputError
from aigc_tf.families.series.autoregression import Autoregression
from aigc_tf.families.series.linear_process import LinearProcess, seasonal_naive
from aigc_tf.recipes.ar import AR


def held_out_rmse(model: Autoregression, source: SeriesSource, recipe: AR, samples: int) -> float:
    """Root mean squared error of one-step forecasts of held-out values, in deviations of each series; lower is better.

    Args:
        model: of the forecasts.
        source: its test part is forecast.
        recipe: the model's; not needed.
        samples: forecasts, evenly spread, or all if there are fewer.
    """
    del recipe
    errors = forecast_errors(model.process(), source, origins_of(source, 1, samples), 1)
    return root_mean_square(errors / source.scaling.deviation)


def evaluate(
    model: Autoregression, source: SeriesSource, recipe: AR, samples: int = 10_000, seed: int = 0
) -> dict[str, Any]:
    """Measure forecasts of the test part, each from all that came before it.

    Args:
        model: of the forecasts.
        source: its test part is forecast.
        recipe: the model's, with horizon and season.
        samples: forecasts, evenly spread, or all if there are fewer.
        seed: nothing is drawn.

    Returns:
        Floats, and under "protocol" what they were measured with. Errors are in the series' own units; of several
        series the names have `_of_` and the series' name behind them. Lower is better:

        - held_out_rmse: see there;
        - nats_per_value: -log of the density of a standardised held-out value given those before it;
        - one_step_rmse, one_step_mae: root mean squared and mean absolute error of the next value;
          horizon_rmse, horizon_mae: of the value `horizon` steps ahead;
        - naive_one_step_rmse and so on: those of forecasts that repeat the last season;
        - largest_root: by what factor a disturbance grows or shrinks in a step in the long run.

    Raises:
        InputError: the season is longer than the training part.
    """
    del seed
    if recipe.season > len(source.train):
        raise InputError(
            f"season is {recipe.season}, and {source.name} has {len(source.train)} steps to train on: lower it"
        )
    process, deviation = model.process(), source.scaling.deviation
    horizon = min(recipe.horizon, len(source.test))
    one_step = forecast_errors(process, source, origins_of(source, 1, samples), 1)
    standardised = one_step / process.deviation
    nats = 0.5 * standardised**2 + np.log(process.deviation / deviation) + 0.5 * math.log(2 * math.pi)
    by_series = {"largest_root": process.largest_roots()}
    for name, steps in (("one_step", 1), ("horizon", horizon)):
        origins = origins_of(source, steps, samples)
        naive = seasonal_naive(source.values, origins, steps, recipe.season) - source.values[origins + steps - 1]
        for prefix, errors in (("", forecast_errors(process, source, origins, steps)), ("naive_", naive)):
            by_series[f"{prefix}{name}_rmse"] = np.sqrt((errors**2).mean(axis=0))
            by_series[f"{prefix}{name}_mae"] = np.abs(errors).mean(axis=0)
    return {
        "held_out_rmse": root_mean_square(one_step / deviation),
        "nats_per_value": float(nats.mean()),
        **_by_name(by_series, source.scaling.names),
        "protocol": {
            "samples": samples,
            "one-step forecasts": len(origins_of(source, 1, samples)),
            "forecasts at the horizon": len(origins_of(source, horizon, samples)),
            "horizon": horizon,
            "season of the naive forecasts": recipe.season,
            "test split": source.test_split,
            "known to a forecast": "all values before it, those of the test part too; the model is not fitted again",
            "series": ", ".join(source.scaling.names),
        },
    }


def origins_of(source: SeriesSource, horizon: int, samples: int) -> np.ndarray:
    """At most `samples` steps of time, evenly spread, that are the first unknown of a forecast: int64 `[forecasts]`.

    The value `horizon` steps ahead, 1 being the origin's own, lies in the test part.
    """
    last = len(source.train) + len(source.test) - horizon
    first = len(source.train)
    return np.unique(np.linspace(first, last, min(samples, last - first + 1)).astype(np.int64))


def forecast_errors(process: LinearProcess, source: SeriesSource, origins: np.ndarray, horizon: int) -> np.ndarray:
    """Mean forecast minus value, `[forecasts, series]`, `horizon` steps ahead from each origin on."""
    values = source.values
    histories = values[origins[:, np.newaxis] + np.arange(-process.order, 0)]  # [forecasts, order, series]
    return process.forecast(histories, horizon)[:, -1] - values[origins + horizon - 1]


def root_mean_square(errors: np.ndarray) -> float:
    """Over all numbers."""
    return math.sqrt(float((errors**2).mean()))


def _by_name(figures: dict[str, np.ndarray], names: tuple[str, ...]) -> dict[str, float]:
    """Arrays `[series]` as single figures."""
    if len(names) == 1:
        return {key: float(values[0]) for key, values in figures.items()}
    return {
        f"{key}_of_{name}": float(value)
        for key, values in figures.items()
        for name, value in zip(names, values, strict=True)
    }


class HeldOutRMSE:
    name = "held_out_rmse"

    def value(self, model, source, recipe, samples, part):
        return held_out_rmse(model, source, recipe, samples)
