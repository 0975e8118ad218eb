"""Fréchet distance between two Gaussians, and streaming estimates of their mean and covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_AT_ONCE = 10_000  # features


@dataclass(frozen=True)
class GaussianStatistics:
    """Mean and covariance of a set of features."""

    mean: np.ndarray
    """float64 `[d]`."""
    covariance: np.ndarray
    """float64 `[d, d]`, the unbiased estimate (divided by `count - 1`)."""
    count: int
    """Number of features in the estimate."""


class StreamingStatistics:
    """Mean and covariance of features that arrive in batches; memory is `d * d`, whatever their number.

    Batches are merged about their own means (Chan, Golub & LeVeque 1983, eq. 2.1), which avoids the cancellation of
    subtracting the square of the mean from the mean of squares.
    """

    def __init__(self) -> None:
        self._count = 0
        self._mean = np.zeros(0)
        self._scatter = np.zeros((0, 0))

    def update(self, features: np.ndarray) -> None:
        """Add a batch `[n, d]`, of any n.

        Raises:
            ValueError: not a matrix, another d than before, or values that are not finite.
        """
        batch = np.asarray(features, np.float64)
        if batch.ndim != 2:
            raise ValueError(f"features have shape {batch.shape}: expected [n, d]")
        if not np.isfinite(batch).all():
            raise ValueError("features hold values that are not finite")
        if not len(batch):
            return
        if not self._count:
            self._mean = np.zeros(batch.shape[1])
            self._scatter = np.zeros((batch.shape[1], batch.shape[1]))
        if batch.shape[1] != len(self._mean):
            raise ValueError(f"features have {batch.shape[1]} dimensions, those before had {len(self._mean)}")
        batch_mean = batch.mean(axis=0)
        centred = batch - batch_mean
        shift = batch_mean - self._mean
        total = self._count + len(batch)
        self._scatter += centred.T @ centred + np.outer(shift, shift) * (self._count * len(batch) / total)
        self._mean += shift * (len(batch) / total)
        self._count = total

    def result(self) -> GaussianStatistics:
        """The statistics of everything added so far.

        Raises:
            ValueError: fewer than two features were added.
        """
        if self._count < 2:
            raise ValueError(f"a covariance needs at least 2 features, got {self._count}")
        return GaussianStatistics(self._mean.copy(), self._scatter / (self._count - 1), self._count)


def gaussian_statistics(features: np.ndarray) -> GaussianStatistics:
    """Mean and covariance of all features `[n, d]`, n >= 2."""
    statistics = StreamingStatistics()
    for start in range(0, len(features), _AT_ONCE):  # in float64 they take twice the memory
        statistics.update(features[start : start + _AT_ONCE])
    return statistics.result()


def frechet_distance(first: GaussianStatistics, second: GaussianStatistics) -> float:
    """Squared Fréchet distance between two Gaussians: |m1 - m2|² + tr(S1 + S2 - 2 (S1 S2)^½).

    The trace of the square root of S1 S2 equals that of the symmetric (S1^½ S2 S1^½)^½, which is the sum of
    the singular values of S1^½ S2^½. This form needs no inverse and takes no root of squared tiny eigenvalues, so that
    rank-deficient covariances (fewer features than dimensions) lose no precision.

    Heusel et al. 2017, eq. 6; Dowson & Landau 1982, eq. 4.

    Returns:
        At least 0; 0 only for equal Gaussians.

    Raises:
        ValueError: the two have different dimensions.
    """
    if first.mean.shape != second.mean.shape:
        raise ValueError(f"cannot compare features of {len(first.mean)} and {len(second.mean)} dimensions")
    shift = first.mean - second.mean
    overlap = np.linalg.svd(_root(first.covariance).T @ _root(second.covariance), compute_uv=False).sum()
    distance = shift @ shift + np.trace(first.covariance) + np.trace(second.covariance) - 2 * overlap
    return max(0.0, float(distance))


def _root(covariance: np.ndarray) -> np.ndarray:
    """`[d, rank]` with root @ root.T = covariance. Eigenvalues within rounding of 0 are dropped."""
    values, vectors = np.linalg.eigh(covariance)
    kept = values > len(values) * np.finfo(np.float64).eps * max(values[-1], 0.0)
    return vectors[:, kept] * np.sqrt(values[kept])
