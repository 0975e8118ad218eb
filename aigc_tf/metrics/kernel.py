"""Kernel distance (KID): the squared maximum mean discrepancy between two sets of features."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SUBSET_SIZE = 1000  # Bińkowski et al. 2018 use subsets of 1,000
MIN_SUBSETS = 10  # fewer give a poor estimate of the error
MIN_FEATURES = 4  # two subsets of two


class KernelDistance(NamedTuple):
    """A mean over subsets and its standard error."""

    distance: float
    """May be slightly negative: it is unbiased, and 0 on average for equal distributions."""
    standard_error: float


def polynomial_kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Kernel matrix (x·y / d + 1)³: `[n, d]`, `[m, d]` -> float64 `[n, m]` (Bińkowski et al. 2018, §4)."""
    return (np.asarray(first, np.float64) @ np.asarray(second, np.float64).T / first.shape[1] + 1) ** 3


def squared_mmd(first: np.ndarray, second: np.ndarray) -> float:
    """Unbiased squared maximum mean discrepancy of features `[n, d]` and `[m, d]`, n and m at least 2.

    Gretton et al. 2012, eq. 3: pairs of a feature with itself are left out.
    """
    within_first = polynomial_kernel(first, first)
    within_second = polynomial_kernel(second, second)
    n, m = len(first), len(second)
    return float(
        (within_first.sum() - np.trace(within_first)) / (n * (n - 1))
        + (within_second.sum() - np.trace(within_second)) / (m * (m - 1))
        - 2 * polynomial_kernel(first, second).mean()
    )


def paired_squared_mmd(first: np.ndarray, second: np.ndarray) -> float:
    """Unbiased squared maximum mean discrepancy of features `[n, d]` in which row i of both is of the same object.

    Gretton et al. 2012, eq. 4: pairs of the same object are also left out between the sets, since they would be nearer
    than others.
    """
    kernels = polynomial_kernel(first, first), polynomial_kernel(second, second), polynomial_kernel(first, second)
    within_first, within_second, between = (kernel.sum() - np.trace(kernel) for kernel in kernels)
    return float((within_first + within_second - 2 * between) / (len(first) * (len(first) - 1)))


def kernel_distance(
    first: np.ndarray, second: np.ndarray, subset_size: int = SUBSET_SIZE, seed: int = 0
) -> KernelDistance:
    """KID between features `[n, d]` and `[m, d]` with its standard error (Bińkowski et al. 2018, §4).

    Both sets are shuffled and split into the same number of subsets, of about `subset_size` or smaller, and the
    distances of the pairs of subsets are averaged. The paper draws 100 overlapping subsets instead; here they are
    disjoint, hence independent, so that their spread gives a valid standard error, and every feature is used.

    Raises:
        ValueError: fewer than 4 features in a set, which makes fewer than two subsets.
    """
    fewest, most = sorted((len(first), len(second)))
    if fewest < MIN_FEATURES:
        raise ValueError(f"the kernel distance needs at least {MIN_FEATURES} features in each set, got {fewest}")
    subsets = min(max(MIN_SUBSETS, round(most / subset_size)), fewest // 2)
    random = np.random.default_rng(seed)
    first_parts = np.array_split(random.permutation(len(first)), subsets)
    second_parts = np.array_split(random.permutation(len(second)), subsets)
    distances = [squared_mmd(first[a], second[b]) for a, b in zip(first_parts, second_parts, strict=True)]
    return KernelDistance(float(np.mean(distances)), float(np.std(distances, ddof=1) / np.sqrt(subsets)))
