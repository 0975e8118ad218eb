"""Linear autoregressive processes in NumPy: forecasts, their standard deviation, and sample paths."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class LinearProcess:
    """AR(p) processes x_t = c + Σ θ_i x_{t-i} + ε_t with normal ε_t, separately for each series (002 §4.3)."""

    intercept: np.ndarray
    """c, float64 `[series]`."""
    coefficients: np.ndarray
    """θ, float64 `[order, series]`; the first row is for the previous value."""
    deviation: np.ndarray
    """Standard deviation of ε, float64 `[series]`."""

    @property
    def order(self) -> int:
        """Number of values that the next one depends on."""
        return len(self.coefficients)

    def follow(self, histories: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """The values that follow histories, for given noise ε.

        Args:
            histories: `[..., time, series]`, in chronological order; the last `order` values count.
            noise: ε, `[..., steps, series]`.

        Returns:
            `[..., steps, series]`.
        """
        order = self.order
        begun = np.broadcast_to(histories[..., -order:, :], (*noise.shape[:-2], order, noise.shape[-1]))
        path = np.concatenate([begun, np.zeros(noise.shape)], axis=-2)
        backwards = self.coefficients[::-1]  # in chronological order
        for step in range(noise.shape[-2]):
            mean = self.intercept + (path[..., step : step + order, :] * backwards).sum(axis=-2)
            path[..., step + order, :] = mean + noise[..., step, :]
        return path[..., order:, :]

    def forecast(self, histories: np.ndarray, steps: int) -> np.ndarray:
        """The mean of the next values, `[..., steps, series]`; histories as in `follow`."""
        return self.follow(histories, np.zeros((*histories.shape[:-2], steps, histories.shape[-1])))

    def moving_average_weights(self, steps: int) -> np.ndarray:
        """ψ_0 = 1 to ψ_{steps-1}: the response of the values to a unit shock ε, `[steps, series]`."""
        impulse = np.zeros((steps, len(self.intercept)))
        impulse[0] = 1
        alone = dataclasses.replace(self, intercept=np.zeros_like(self.intercept))
        return alone.follow(np.zeros((self.order, len(self.intercept))), impulse)

    def forecast_deviation(self, steps: int) -> np.ndarray:
        """Standard deviation of the values around `forecast`, `[steps, series]`: σ sqrt(ψ_0² + ... + ψ_{h-1}²).

        Box, Jenkins, Reinsel & Ljung 2015, §5.1. The coefficients are treated as known.
        """
        return self.deviation * np.sqrt(np.cumsum(self.moving_average_weights(steps) ** 2, axis=0))

    def sample(self, histories: np.ndarray, steps: int, count: int, random: np.random.Generator) -> np.ndarray:
        """Sample paths after a history `[time, series]`, each with its own noise: `[count, steps, series]`."""
        noise = random.standard_normal((count, steps, len(self.intercept))) * self.deviation
        return self.follow(histories, noise)

    def largest_roots(self) -> np.ndarray:
        """The factor by which a disturbance grows or shrinks per step in the long run, `[series]`.

        The largest absolute eigenvalue of the companion matrix; below 1 the process is stationary.
        """
        companion = np.eye(self.order, k=-1)
        return np.array([_largest_eigenvalue(companion, column) for column in self.coefficients.T])


def _largest_eigenvalue(companion: np.ndarray, coefficients: np.ndarray) -> float:
    matrix = companion.copy()
    matrix[0] = coefficients
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def seasonal_naive(values: np.ndarray, origins: np.ndarray, horizon: int, season: int) -> np.ndarray:
    """Seasonal naive forecasts, which repeat the last known season (Hyndman & Athanasopoulos 2021, §5.2).

    Args:
        values: `[time, series]`.
        origins: `[forecasts]`, the first unknown time steps; at least `season`.
        horizon: steps ahead, at least 1, which is the origin itself.
        season: steps after which the series repeats; 1 repeats the last value.

    Returns:
        `[forecasts, series]`.
    """
    return values[origins + horizon - 1 - season * -(-horizon // season)]
