"""Forecasts of three real series by the autoregressive model, against statsmodels' and seasonal-naive ones."""

from __future__ import annotations

import dataclasses
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import aigc_tf
from aigc_tf.metrics.series.forecasts import origins_of
from aigc_tf.recipes.ar import AR
from aigc_tf.recipes.series import SeriesSettings
from tools.benchmarks.tables import markdown

HORIZON = 12
CRITERIA = ("aic", "bic")  # they may select quite different orders: both are shown


@dataclass(frozen=True, eq=False)
class Case:
    """A real series and its metadata."""

    values: np.ndarray
    """float64 `[time]`."""
    season: int
    unit: str


def forecasts(seed: int = 0) -> dict[str, Any]:
    """Fit the first four fifths of each series, less the validation part; forecast the last fifth.

    Forecasts are 1 and 12 steps ahead, from every step of the last fifth.

    statsmodels selects the order on the training part, up to two seasons, by AIC and by BIC. No model is refitted
    while forecasting. Needs statsmodels, which contains the series; its AutoReg is one of the methods.

    Args:
        seed: random seed of the order of the windows, which changes rounding only.

    Returns:
        Under "series" for each series and criterion the name, unit, order, season and lengths, the RMSE of each method
        at both horizons, and the largest relative difference of a coefficient from AutoReg's. Under "table" the same as
        Markdown.
    """
    found = [
        {"series": name, "criterion": criterion, **measure(case, criterion, seed)}
        for name, case in cases().items()
        for criterion in CRITERIA
    ]
    return {"horizon": HORIZON, "series": found, "table": table(found)}


def cases() -> Mapping[str, Case]:
    """The three series."""
    from statsmodels import datasets

    sunspots = datasets.sunspots.load_pandas().data["SUNACTIVITY"].to_numpy(np.float64)
    weekly = datasets.co2.load_pandas().data["co2"]
    monthly = weekly.resample("MS").mean().interpolate().to_numpy(np.float64)
    yearly = datasets.elnino.load_pandas().data
    el_nino = yearly.drop(columns="YEAR").to_numpy(np.float64).reshape(-1)
    return {
        "sunspots": Case(sunspots, 11, "number per year, 1700 to 2008"),
        "co2": Case(monthly, 12, "ppm, monthly mean at Mauna Loa, 1958 to 2001"),
        "elnino": Case(el_nino, 12, "°C, monthly sea surface temperature, 1950 to 2010"),
    }


def measure(case: Case, criterion: str, seed: int) -> dict[str, Any]:
    """One series and order; see `forecasts`."""
    from statsmodels.tsa.ar_model import AutoReg, ar_select_order

    known = case.values[: len(case.values) - len(case.values) // 5]
    order = max(ar_select_order(known, 2 * case.season, ic=criterion, trend="c").ar_lags)
    recipe = AR(series=SeriesSettings(length=order), horizon=HORIZON, season=case.season, seed=seed)
    quiet = dataclasses.replace(recipe.logging, samples_every=10**9, evaluate_every=10**9)
    with tempfile.TemporaryDirectory() as folder:
        run = aigc_tf.train(dataclasses.replace(recipe, logging=quiet), Path(folder) / "run", data=case.values)
        report = run.evaluate(samples=len(case.values))
        source, process = run.source, run.model.process()
    theirs = AutoReg(source.train[:, 0], order, trend="c").fit()
    ours = np.concatenate([process.intercept, process.coefficients[:, 0]])
    sides = {
        "aigc_tf": (report["one_step_rmse"], report["horizon_rmse"]),
        "statsmodels": (_autoreg_rmse(case, theirs, source, 1), _autoreg_rmse(case, theirs, source, HORIZON)),
        "seasonal_naive": (report["naive_one_step_rmse"], report["naive_horizon_rmse"]),
    }
    return {
        "unit": case.unit,
        "order": order,
        "season": case.season,
        "fitted": len(source.train),
        "held_out": len(source.test),
        "rmse": {side: {"one_step": near, "horizon": far} for side, (near, far) in sides.items()},
        "largest_coefficient_difference": float(np.abs(ours / theirs.params - 1).max()),
    }


def _autoreg_rmse(case: Case, fitted: Any, source: Any, horizon: int) -> float:
    """RMSE of AutoReg's forecasts with parameters fitted on the training part."""
    from statsmodels.tsa.ar_model import AutoReg

    origins = origins_of(source, horizon, len(case.values), "test")
    errors = []
    for origin in origins:
        known = AutoReg(case.values[:origin], len(fitted.params) - 1, trend="c")
        forecast = known.predict(fitted.params, start=origin, end=origin + horizon - 1)
        errors.append(forecast[-1] - case.values[origin + horizon - 1])
    return math.sqrt(float(np.mean(np.square(errors))))


def table(found: Sequence[Mapping[str, Any]]) -> str:
    """RMSE on the held-out fifth, one row per series, order and method."""
    rows = [
        [
            f"{case['series']}, {case['unit']}",
            f"{case['order']} ({case['criterion'].upper()})",
            case["season"],
            side,
            figures["one_step"],
            figures["horizon"],
        ]
        for case in found
        for side, figures in case["rmse"].items()
    ]
    head = ["series", "order", "season", "forecasts", "RMSE, next value", f"RMSE, {HORIZON} steps ahead"]
    return markdown(head, rows)
