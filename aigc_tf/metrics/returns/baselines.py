"""Baselines for returns without a network: block bootstrap, EWMA, and GARCH(1,1) with the package arch."""

from __future__ import annotations

import importlib.util
from typing import NamedTuple

import numpy as np

BLOCKS, GARCH, EWMA, GAUSSIAN = "block bootstrap", "GARCH(1,1)", "EWMA", "normal distribution"
BLOCK = 20
"""Days of a block."""
DECAY = 0.94
"""Decay factor of the exponentially weighted variance of daily returns (RiskMetrics 1996, §5.3)."""


def block_bootstrap(returns: np.ndarray, count: int, length: int, seed: int) -> np.ndarray:
    """Moving block bootstrap: windows of random blocks of 20 days of the past (Künsch 1989): `[count, length]`.

    Args:
        returns: `[days]`.
        count: of windows.
        length: of a window.
        seed: of the block positions.
    """
    blocks = -(-length // BLOCK)
    starts = np.random.default_rng(seed).integers(len(returns) - BLOCK + 1, size=(count, blocks))
    drawn = returns[starts[..., None] + np.arange(BLOCK)].reshape(count, -1)
    return drawn[:, :length]


def ewma_variance(returns: np.ndarray, first: float) -> np.ndarray:
    """The variance forecast for each day from the days before, `[days]`; `first` is that of the first day."""
    variance = np.empty(len(returns))
    value = first
    for day, size in enumerate(returns):
        variance[day] = value
        value = DECAY * value + (1 - DECAY) * size**2
    return variance


class Garch(NamedTuple):
    """GARCH(1,1) with a constant mean: σ²_t = ω + α (r_{t-1} - μ)² + β σ²_{t-1} (Bollerslev 1986)."""

    mean: float
    omega: float
    alpha: float
    beta: float
    freedom: float
    """Degrees of freedom of Student's t, standardised to variance 1."""

    def variance(self, returns: np.ndarray, first: float) -> np.ndarray:
        """The variance forecast for each day from the days before, `[days]`; `first` is that of the first day."""
        variance = np.empty(len(returns))
        value = first
        for day, size in enumerate(returns):
            variance[day] = value
            value = self.omega + self.alpha * (size - self.mean) ** 2 + self.beta * value
        return variance

    def windows(self, count: int, length: int, seed: int) -> np.ndarray:
        """Windows of the process after 250 days, `[count, length]`."""
        random = np.random.default_rng(seed)
        shocks = random.standard_t(self.freedom, (250 + length, count)) * np.sqrt(1 - 2 / self.freedom)
        returns = np.empty_like(shocks)
        variance = np.full(count, self.omega / max(1 - self.alpha - self.beta, 1e-3))
        for day, shock in enumerate(shocks):
            returns[day] = np.sqrt(variance) * shock
            variance = self.omega + self.alpha * returns[day] ** 2 + self.beta * variance
        return self.mean + returns[-length:].T


def fitted_garch(returns: np.ndarray) -> Garch | None:
    """Fit by maximum likelihood with Student's t, with the package arch; None if it is not installed.

    Args:
        returns: `[days]`, in percent.
    """
    if importlib.util.find_spec("arch") is None:
        return None
    from arch import arch_model

    found = arch_model(returns, mean="Constant", vol="GARCH", p=1, q=1, dist="t", rescale=False).fit(disp="off").params
    return Garch(*(float(found[name]) for name in ("mu", "omega", "alpha[1]", "beta[1]", "nu")))
