"""Principal component analysis: the linear baseline of models with a latent vector."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

Chunks = Callable[[], Iterable[np.ndarray]]
"""Iterates over all rows, `[n, d]` at a time, each time it is called."""

MAX_NUMBERS = 2**28  # in the fitted examples: bounds the time
MIN_VARIANCE = 1e-6  # in a density: less is the rounding of pixels
_OVERSAMPLING, _PASSES = 16, 5
_SEED = 0


@dataclass(frozen=True, eq=False)
class PCA:
    """A mean, and orthogonal directions of largest variance."""

    mean: np.ndarray
    """float64 `[d]`."""
    components: np.ndarray
    """float64 `[count, d]`, orthonormal rows, the largest variance first."""
    deviations: np.ndarray
    """float64 `[count]`: standard deviation of the training examples along each."""
    noise: float
    """Mean variance along the remaining directions."""
    examples: int
    """Number of examples it was fitted to."""

    def project(self, rows: np.ndarray) -> np.ndarray:
        """Projection onto the subspace of the components: `[n, d]` -> float64 `[n, d]`."""
        centred = rows - self.mean
        return centred @ self.components.T @ self.components + self.mean

    def sample(self, count: int, random: np.random.Generator) -> np.ndarray:
        """Samples of the Gaussian with these variances around the mean, within the subspace: float64 `[count, d]`."""
        latents = random.standard_normal((count, len(self.deviations))) * self.deviations
        return latents @ self.components + self.mean

    def log_density(self, rows: np.ndarray) -> np.ndarray:
        """Log density of rows `[n, d]` under probabilistic PCA, in nats: float64 `[n]`.

        The Gaussian has the variance `noise` in all directions outside the subspace (Tipping & Bishop 1999, eqs. 6-8).
        """
        variances, noise = np.maximum(self.deviations**2, MIN_VARIANCE), max(self.noise, MIN_VARIANCE)
        centred = rows - self.mean
        inside = (centred @ self.components.T) ** 2
        outside = np.maximum((centred**2).sum(axis=1) - inside.sum(axis=1), 0)
        dimensions = len(self.mean)
        volume = np.log(variances).sum() + (dimensions - len(variances)) * math.log(noise)
        return -0.5 * ((inside / variances).sum(axis=1) + outside / noise + volume + dimensions * math.log(2 * math.pi))


def rows_to_fit(available: int, numbers: int, most: int = MAX_NUMBERS) -> int:
    """How many examples of `numbers` numbers each to fit to: at most `most` numbers in total, at least 2 examples."""
    return min(available, max(2, most // numbers))


def principal_components(chunks: Chunks, count: int) -> PCA:
    """Fit at most `count` components by randomised subspace iteration (Halko et al. 2011, algorithms 4.4 and 5.3).

    Memory does not grow with the number of rows. Exact up to rounding if the rows have no more than `count` + 16
    dimensions; otherwise the error of the explained variance is far below a percent. The same rows give the same
    components.

    Args:
        chunks: all rows; they are read six times.
        count: number of components; fewer are returned if there are fewer dimensions or examples.

    Raises:
        ValueError: fewer than two rows.
    """
    examples, total = 0, np.zeros(1)
    for rows in chunks():
        examples, total = examples + len(rows), total + rows.sum(axis=0, dtype=np.float64)
    if examples < 2:
        raise ValueError(f"principal components need at least 2 examples, got {examples}")
    mean = total / examples
    width = min(count + _OVERSAMPLING, examples, len(mean))
    image = np.random.default_rng(_SEED).standard_normal((len(mean), width))
    for _ in range(_PASSES):
        basis, _ = np.linalg.qr(image)
        image, squares = _scattered(chunks, mean, basis)
    values, turned = np.linalg.eigh(basis.T @ image)  # ascending
    found = min(count, width, examples - 1)
    variances = np.maximum(values[::-1][:found], 0) / (examples - 1)
    rest = max(squares / (examples - 1) - float(variances.sum()), 0.0)
    noise = rest / (len(mean) - found) if found < len(mean) else 0.0
    return PCA(mean, (basis @ turned[:, ::-1][:, :found]).T, np.sqrt(variances), noise, examples)


def _scattered(chunks: Chunks, mean: np.ndarray, basis: np.ndarray) -> tuple[np.ndarray, float]:
    """The scatter matrix of the rows times `basis` `[d, width]`, and its trace."""
    product, trace = np.zeros_like(basis), 0.0
    for rows in chunks():
        centred = rows - mean
        product += centred.T @ (centred @ basis)
        trace += float((centred**2).sum())
    return product, trace
