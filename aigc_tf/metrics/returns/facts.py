"""Stylised facts of generated returns: fat tails and volatility clustering (Cont 2001)."""

from __future__ import annotations

from typing import Any

import numpy as np

from aigc_tf.data.series.source import SeriesSource
from aigc_tf.data.source import PartName
from aigc_tf.metrics.evaluator import CHOOSING_SEED, Chooser, Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.returns.baselines import BLOCK, BLOCKS, GARCH, GAUSSIAN, block_bootstrap, fitted_garch

MAX_WINDOWS = 2_000
_TAIL = 0.05  # share of the largest absolute returns used for the tail
_LAGS = 10


def excess_kurtosis(windows: np.ndarray) -> float:
    """Excess kurtosis of all returns together; 0 for a normal distribution."""
    standard = (windows - windows.mean()) / windows.std()
    return float((standard**4).mean() - 3)


def tail_index(windows: np.ndarray) -> float:
    """Hill's estimate of α in P(|r| > x) ~ x^-α, from the largest 5 % (Hill 1975); small for fat tails."""
    sizes = np.sort(np.abs(windows - windows.mean()), axis=None)[::-1]
    count = max(2, int(_TAIL * sizes.size))
    return float(1 / np.log(sizes[:count] / sizes[count]).mean())


def clustering(windows: np.ndarray) -> float:
    """The autocorrelation of |r| within windows `[count, length]`, the mean over the first ten lags.

    Mean and variance are over all windows, since a window of 64 days may be calm or volatile as a whole.
    """
    sizes = np.abs(windows - windows.mean())
    sizes = sizes - sizes.mean()
    lags = range(1, min(_LAGS, sizes.shape[1] - 1) + 1)
    return float(np.mean([(sizes[:, lag:] * sizes[:, :-lag]).mean() for lag in lags]) / (sizes**2).mean())


def energy_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Energy distance of windows `[count, length]` (Székely & Rizzo 2013), in the returns' units.

    2 E|X - Y| - E|X - X'| - E|Y - Y'|. Pairs of a row with itself are left out, so that it is 0 on average for two
    samples of one distribution.
    """
    return 2 * _mean_distance(first, second, False) - _mean_distance(first, first) - _mean_distance(second, second)


def _mean_distance(first: np.ndarray, second: np.ndarray, same: bool = True) -> float:
    squared = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1) - 2 * first @ second.T
    total = np.sqrt(np.maximum(squared, 0))
    if same:
        np.fill_diagonal(total, 0.0)
    return float(total.sum() / (len(first) * (len(second) - same)))


def real_windows(source: SeriesSource, part: PartName) -> np.ndarray:
    """At most 2,000 evenly spaced windows of a part, in percent: `[count, length]`."""
    return source.inputs(part, MAX_WINDOWS)[..., 0]


class StylisedFacts(Evaluator):
    """Generated windows against those of a part; baselines: block bootstrap, normal distribution and GARCH(1,1).

    The baselines are fitted to the model's training days; all other days come after them.

    Figures:

    - energy_distance of windows, lower is better;
    - kurtosis_error, tail_index_error and clustering_error, the absolute difference from the part's own figure, lower
      is better; see `excess_kurtosis`, `tail_index`, `clustering`.

    GARCH needs the package arch, and is left out without it.
    """

    def measure(self, model: Any, source: SeriesSource, recipe: Any, request: Request) -> Measurement:
        """Measured on at most 2,000 windows; see `Evaluator.measure`."""
        count = min(request.samples, MAX_WINDOWS)
        past, real = source.train[:, 0], real_windows(source, request.part)
        length, random = source.window, np.random.default_rng(request.seed)
        drawn = {
            "model": model.generate(count, request.seed)[..., 0].astype(np.float64),
            BLOCKS: block_bootstrap(past, count, length, request.seed),
            GAUSSIAN: random.normal(past.mean(), past.std(), (count, length)),
        }
        garch = fitted_garch(past)
        if garch is not None:
            drawn[GARCH] = garch.windows(count, length, request.seed)
        measures = {"kurtosis": excess_kurtosis, "tail_index": tail_index, "clustering": clustering}
        errors = {
            f"{name}_error": {method: abs(of(made) - of(real)) for method, made in drawn.items()}
            for name, of in measures.items()
        }
        distances = {"energy_distance": {name: energy_distance(made, real) for name, made in drawn.items()}}
        figures = {name: Figure(found.pop("model"), "lower", found) for name, found in (distances | errors).items()}
        facts = {
            "generated windows": count,
            "real windows": len(real),
            "length": length,
            "block": f"{BLOCK} days",
            f"{request.part} split": source.split_in_words(request.part),
            **{f"{name} of the {request.part} part": round(of(real), 3) for name, of in measures.items()},
            **({} if garch is not None else {GARCH: "left out: the package arch is not installed"}),
        }
        return Measurement(figures, facts)


class EnergyDistance(Chooser):
    """`energy_distance` of windows."""

    name = "energy_distance"

    def value(self, model: Any, source: SeriesSource, recipe: Any, samples: int, part: PartName) -> float:
        """Measured on at most `samples` generated windows and 2,000 real ones."""
        made = model.generate(min(samples, MAX_WINDOWS), CHOOSING_SEED)[..., 0].astype(np.float64)
        return energy_distance(made, real_windows(source, part))
