"""Principal components: the linear baseline of models with a latent vector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MAX_EXAMPLES = 10_000  # that components are fitted to
MAX_NUMBERS = 2**25  # and numbers in them: 256 MB in float64
_OVERSAMPLING, _ITERATIONS = 16, 4
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
    examples: int
    """How many it was fitted to."""

    def project(self, rows: np.ndarray) -> np.ndarray:
        """The nearest points of the plane of the components: `[n, d]` -> float64 `[n, d]`."""
        centred = rows - self.mean
        return centred @ self.components.T @ self.components + self.mean

    def sample(self, count: int, random: np.random.Generator) -> np.ndarray:
        """Draws from the Gaussian of these variances around the mean, in the plane: float64 `[count, d]`."""
        latents = random.standard_normal((count, len(self.deviations))) * self.deviations
        return latents @ self.components + self.mean


def rows_to_fit(available: int, numbers: int) -> int:
    """How many of the available examples of so many numbers each are looked at: bounds time and memory."""
    return min(available, MAX_EXAMPLES, max(2, MAX_NUMBERS // numbers))


def principal_components(rows: np.ndarray, count: int) -> PCA:
    """Fit at most `count` components by randomised subspace iteration (Halko et al. 2011, algorithms 4.4 and 5.1).

    Exact up to rounding if the rows have no more than `count` + 16 dimensions or examples; otherwise the error of the
    explained variance is far below a percent. The same rows give the same components.

    Args:
        rows: `[n, d]`, n at least 2.
        count: components; fewer come if the rows have fewer dimensions or examples.

    Raises:
        ValueError: fewer than two rows.
    """
    if len(rows) < 2:
        raise ValueError(f"principal components need at least 2 examples, got {len(rows)}")
    mean = rows.mean(axis=0, dtype=np.float64)
    centred = rows - mean
    width = min(count + _OVERSAMPLING, *centred.shape)
    basis = centred @ np.random.default_rng(_SEED).standard_normal((centred.shape[1], width))
    for _ in range(_ITERATIONS):
        basis, _ = np.linalg.qr(basis)
        other, _ = np.linalg.qr(centred.T @ basis)
        basis = centred @ other
    basis, _ = np.linalg.qr(basis)
    _, values, components = np.linalg.svd(basis.T @ centred, full_matrices=False)
    found = min(count, len(values), len(rows) - 1)
    return PCA(mean, components[:found], values[:found] / np.sqrt(len(rows) - 1), len(rows))
