"""Whether two methods put examples in the same order."""

from __future__ import annotations

import numpy as np


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's ρ of two lists of numbers `[count]`: the correlation of their ranks, equal numbers sharing theirs.

    1 if one rises with the other; a list of equal numbers has no order, and agrees only with another such list.
    """
    ranks = np.stack([_ranks(first), _ranks(second)])
    deviations = ranks.std(axis=1)
    if not deviations.all():
        return float(not deviations.any())
    return float(np.corrcoef(ranks)[0, 1])


def _ranks(numbers: np.ndarray) -> np.ndarray:
    """From 1; equal numbers have the mean of their ranks."""
    _, inverse, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]
