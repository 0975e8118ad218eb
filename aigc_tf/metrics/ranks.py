"""Rank correlation: whether two methods order examples alike."""

from __future__ import annotations

import numpy as np


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's ρ of two lists of numbers `[count]`: the correlation of their ranks, with mean ranks for ties.

    1 if one increases with the other; a constant list has no order, and agrees only with another such list.
    """
    ranks = np.stack([_ranks(first), _ranks(second)])
    deviations = ranks.std(axis=1)
    if not deviations.all():
        return float(not deviations.any())
    return float(np.corrcoef(ranks)[0, 1])


def _ranks(numbers: np.ndarray) -> np.ndarray:
    """Ranks from 1; ties have the mean of their ranks."""
    _, inverse, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]
