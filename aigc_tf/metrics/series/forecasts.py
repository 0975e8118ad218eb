"""Evaluation of autoregressive models by held-out forecasts, compared with the seasonal naive method."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from aigc_tf.data.series.source import SeriesSource
from aigc_tf.data.source import PartName, evenly
from aigc_tf.errors import InputError
from aigc_tf.families.series.autoregression import Autoregression
from aigc_tf.families.series.linear_process import LinearProcess, seasonal_naive
from aigc_tf.metrics.evaluator import Chooser, Evaluator, Figure, Measurement, Request
from aigc_tf.recipes.ar import AR

# Quarters and months of a year, days of a week, hours, half hours and quarter hours of a day, weeks of a year, hours of
# a week, days and hours of a year.
SEASONS = (1, 4, 7, 12, 24, 48, 52, 96, 168, 365, 8760)
_MIN_DEVIATION = 1e-6  # of seasonal differences, in standard deviations of the series: less is rounding


class Forecasts(Evaluator):
    """Forecasts of each value of the part from everything before it, compared with repeating the last season.

    Errors are in the series' own units; for several series the names end in `_of_` and the series' name.
    Figures, lower is better:

    - held_out_rmse: root mean squared error of the next value, in standard deviations of each series;
    - nats_per_value: negative log density of a standardised held-out value given those before it;
    - one_step_rmse, one_step_mae: root mean squared and mean absolute error of the next value; horizon_rmse,
      horizon_mae: of the value `horizon` steps ahead;
    - naive_one_step_rmse and so on: those of the seasonal naive method, which repeats the last season (Hyndman &
      Athanasopoulos 2021, §5.2); if the recipe names no season, it is chosen on the training part among `SEASONS`,
      separately for each horizon;
    - largest_root: the factor by which a disturbance grows or shrinks per step in the long run.
    """

    def measure(self, model: Autoregression, source: SeriesSource, recipe: AR, request: Request) -> Measurement:
        """Make at most `request.samples` evenly spaced forecasts; nothing is sampled. See `Evaluator.measure`.

        Raises:
            InputError: the season is longer than the training part.
        """
        if recipe.season > len(source.training):
            raise InputError(
                f"season is {recipe.season}, and {source.name} has {len(source.training)} steps to train on: lower it"
            )
        part, samples = request.part, request.samples
        process, deviation = model.process(), source.scaling.deviation
        begin, end = span_of(source, part)
        candidates = _candidates(source, recipe)
        known = max(process.order, *candidates)
        horizon = min(recipe.horizon, end - max(begin, known))
        origins = {steps: origins_of(source, steps, samples, part, known) for steps in (1, horizon)}
        errors = {steps: forecast_errors(process, source, origins[steps], steps) for steps in origins}
        seasons = {steps: best_season(source, candidates, steps) for steps in origins}
        naive = {steps: _naive_errors(source, origins[steps], steps, seasons[steps]) for steps in origins}
        names = {
            steps: f"repeating the last {'value' if season == 1 else 'season'}" for steps, season in seasons.items()
        }
        rmse = root_mean_square(errors[1] / deviation), root_mean_square(naive[1] / deviation)
        nats = (
            _nats(errors[1], process.deviation, deviation),
            _nats(naive[1], _naive_deviation(source, seasons[1]), deviation),
        )
        figures = {
            "held_out_rmse": Figure(rmse[0], "lower", {names[1]: rmse[1]}),
            "nats_per_value": Figure(nats[0], "lower", {f"{names[1]}, with normal errors": nats[1]}),
            **_by_series(
                process,
                source,
                {
                    ahead: (errors[steps], naive[steps], names[steps])
                    for ahead, steps in (("one_step", 1), ("horizon", horizon))
                },
            ),
        }
        protocol = {
            "one-step forecasts": len(origins[1]),
            "forecasts at the horizon": len(origins[horizon]),
            "horizon": horizon,
            "season of the naive forecasts": _seasons_in_words(recipe, seasons[1], seasons[horizon]),
            f"{part} split": source.split_in_words(part),
            "known to a forecast": f"all earlier values, those of the {part} part too; the model is not refitted",
            "series": ", ".join(source.scaling.names),
        }
        return Measurement(figures, protocol)


class HeldOutRMSE(Chooser):
    """Root mean squared error of one-step forecasts, in standard deviations of each series; lower is better."""

    name = "held_out_rmse"

    def value(self, model: Autoregression, source: SeriesSource, recipe: AR, samples: int, part: PartName) -> float:
        """Measured on at most `samples` evenly spaced forecasts of values of the part."""
        process = model.process()
        origins = origins_of(source, 1, samples, part, process.order)
        return root_mean_square(forecast_errors(process, source, origins, 1) / source.scaling.deviation)


def span_of(source: SeriesSource, part: PartName) -> tuple[int, int]:
    """First time step of a part and the one after its last, in `source.values`."""
    learnt, training = len(source.train), len(source.training)
    held_out = (learnt, training) if source.validation is not None else (0, learnt)
    return {"train": (0, learnt), "validation": held_out, "test": (training, training + len(source.test))}[part]


def origins_of(source: SeriesSource, horizon: int, samples: int, part: PartName, known: int = 0) -> np.ndarray:
    """At most `samples` evenly spaced forecast origins, the first unknown time steps: int64 `[forecasts]`.

    Args:
        source: of the series.
        horizon: steps ahead, 1 being the origin itself; both origin and target lie in the part.
        samples: maximum number of forecasts.
        part: of the source.
        known: minimum number of time steps before each origin.

    Raises:
        InputError: the part is too short.
    """
    begin, end = span_of(source, part)
    first, last = max(begin, known), end - horizon
    if last < first:
        raise InputError(f"the {part} part of {source.name} is too short for forecasts: give a longer series")
    return first + evenly(last - first + 1, samples)


def forecast_errors(process: LinearProcess, source: SeriesSource, origins: np.ndarray, horizon: int) -> np.ndarray:
    """Forecast mean minus value, `[forecasts, series]`, `horizon` steps ahead from each origin."""
    values = source.before(int(origins.max()) + horizon)
    histories = values[origins[:, np.newaxis] + np.arange(-process.order, 0)]  # [forecasts, order, series]
    return process.forecast(histories, horizon)[:, -1] - values[origins + horizon - 1]


def root_mean_square(errors: np.ndarray) -> float:
    """Root mean square over all numbers."""
    return math.sqrt(float((errors**2).mean()))


def _candidates(source: SeriesSource, recipe: AR) -> list[int]:
    """The recipe's season, or those of `SEASONS` that fit into the training part at least twice."""
    if recipe.season > 1:
        return [recipe.season]
    return [season for season in SEASONS if season == 1 or 2 * season + recipe.horizon <= len(source.train)]


def best_season(source: SeriesSource, candidates: Sequence[int], horizon: int) -> int:
    """The candidate season whose naive forecasts have the lowest root mean squared error on the training part.

    Args:
        source: of the series.
        candidates: unless there is only one, the longest and `horizon` fit into the training part.
        horizon: how many steps ahead, at least 1.
    """
    if len(candidates) == 1:
        return candidates[0]
    origins = np.arange(max(candidates), len(source.train) - horizon + 1)

    def error(season: int) -> float:
        return root_mean_square(_naive_errors(source, origins, horizon, season) / source.scaling.deviation)

    return min(candidates, key=error)


def _seasons_in_words(recipe: AR, near: int, far: int) -> str:
    how = "as given" if recipe.season > 1 else "chosen on the training part"
    return f"{near} for the next value, {far} at the horizon, {how}"


def _naive_errors(source: SeriesSource, origins: np.ndarray, horizon: int, season: int) -> np.ndarray:
    values = source.before(int(origins.max()) + horizon)
    return seasonal_naive(values, origins, horizon, season) - values[origins + horizon - 1]


def _naive_deviation(source: SeriesSource, season: int) -> np.ndarray:
    """Standard deviation of naive one-step errors in the training part, `[series]`."""
    season = min(season, len(source.train) - 1)
    differences = source.train[season:] - source.train[:-season]
    return np.maximum(np.sqrt((differences**2).mean(axis=0)), _MIN_DEVIATION * source.scaling.deviation)


def _nats(errors: np.ndarray, deviation: np.ndarray, unit: np.ndarray) -> float:
    """Mean negative log density of normal errors `[forecasts, series]`, for values in multiples of `unit`."""
    by_value = 0.5 * (errors / deviation) ** 2 + np.log(deviation / unit) + 0.5 * math.log(2 * math.pi)
    return float(by_value.mean())


def _by_series(
    process: LinearProcess, source: SeriesSource, errors: dict[str, tuple[np.ndarray, np.ndarray, str]]
) -> dict[str, Figure]:
    """Figures in the units of each series.

    Args:
        process: of the model.
        source: of the series.
        errors: by horizon, the model's and the naive errors, each `[forecasts, series]`, and the name of the naive
            method.
    """
    names = source.scaling.names
    endings = [""] if len(names) == 1 else [f"_of_{name}" for name in names]
    figures = {}
    for series, ending in enumerate(endings):
        figures[f"largest_root{ending}"] = Figure(float(process.largest_roots()[series]), "neither")
        for ahead, (own, naive, naive_name) in errors.items():
            for measure, reading in (("rmse", root_mean_square), ("mae", _mean_absolute)):
                value, beside = reading(own[:, series]), reading(naive[:, series])
                figures[f"{ahead}_{measure}{ending}"] = Figure(value, "lower", {naive_name: beside})
                figures[f"naive_{ahead}_{measure}{ending}"] = Figure(beside, "neither")
    return figures


def _mean_absolute(errors: np.ndarray) -> float:
    return float(np.abs(errors).mean())
