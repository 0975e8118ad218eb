"""Gaussian mixtures of numeric columns, for mode-specific normalisation (Xu et al. 2019, §4.2)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_ITERATIONS = 200
_TOLERANCE = 1e-5  # of the mean log-likelihood, in nats
_POINTS = 500  # quantiles that represent a column with more distinct numbers
_PATIENCE = 2  # components
_MIN_DEVIATION = 1e-3  # of a mode, in deviations of the column: else a repeated value would have infinite density
_LOG_2_PI = float(np.log(2 * np.pi))


class Modes(NamedTuple):
    """A Gaussian mixture."""

    shares: np.ndarray
    """float64 `[modes]`, which sum to 1."""
    means: np.ndarray
    """float64 `[modes]`, ascending."""
    deviations: np.ndarray
    """float64 `[modes]`, positive."""

    def responsibilities(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """p(mode | value), `[values, modes]`, and log p(value) in nats, `[values]`."""
        standardised = (values[:, None] - self.means) / self.deviations
        joint = np.log(self.shares) - np.log(self.deviations) - 0.5 * (standardised**2 + _LOG_2_PI)
        largest = joint.max(axis=1, keepdims=True)
        total = largest + np.log(np.exp(joint - largest).sum(axis=1, keepdims=True))
        return np.exp(joint - total), total[:, 0]


def fit_modes(values: np.ndarray, most: int) -> Modes:
    """Fit the mixture with the lowest Bayesian information criterion (Schwarz 1978) by EM (Dempster et al. 1977).

    The paper uses a variational mixture; the criterion over few components needs no library and is deterministic.
    Components are added until two more have not lowered it.

    Args:
        values: float64 `[count]`, finite, at least two of them distinct.
        most: maximum number of components.
    """
    centre, scale = values.mean(), values.std()
    points, weights = np.unique((values - centre) / scale, return_counts=True)
    most = min(most, len(points) - 1, max(1, len(values) // 10))
    if len(points) > _POINTS:
        points = np.quantile((values - centre) / scale, (np.arange(_POINTS) + 0.5) / _POINTS)
        weights = np.full(_POINTS, len(values) / _POINTS)
    best, lowest, worse = None, np.inf, 0
    for count in range(1, max(most, 1) + 1):
        modes, log_likelihood = _fit(points, weights.astype(np.float64), count)
        criterion = (3 * count - 1) * np.log(len(values)) - 2 * log_likelihood
        if criterion < lowest:
            best, lowest, worse = modes, criterion, 0
        elif (worse := worse + 1) == _PATIENCE:
            break
    assert best is not None
    return Modes(best.shares, centre + scale * best.means, scale * best.deviations)


def _fit(points: np.ndarray, counts: np.ndarray, components: int) -> tuple[Modes, float]:
    """A mixture with components initialised at quantiles, and its log-likelihood in nats.

    Args:
        points: float64 `[points]`.
        counts: number of occurrences, of the same shape.
        components: number of components.
    """
    starts = np.interp((np.arange(components) + 0.5) / components, np.cumsum(counts) / counts.sum(), points)
    modes = Modes(np.full(components, 1 / components), starts, np.full(components, 1 / components))
    before = -np.inf
    for _ in range(_ITERATIONS):
        found, logs = modes.responsibilities(points)
        total = float(counts @ logs)
        if total - before < _TOLERANCE * counts.sum():
            break
        before, found = total, found * counts[:, None]
        weights = found.sum(axis=0) + 1e-9
        means = points @ found / weights
        variances = ((points[:, None] - means) ** 2 * found).sum(axis=0) / weights
        modes = Modes(weights / weights.sum(), means, np.maximum(np.sqrt(variances), _MIN_DEVIATION))
    order = np.argsort(modes.means, kind="stable")
    return Modes(*(part[order] for part in modes)), total
