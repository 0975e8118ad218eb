"""Confidence intervals of proportions, and agreement of raters."""

from __future__ import annotations

import math

import numpy as np

_Z = 1.959964  # 97.5 % quantile of the normal distribution


def wilson_interval(share: float, count: int) -> tuple[float, float]:
    """The 95 % confidence interval of a proportion of `count` independent trials (Wilson 1927, eq. 3)."""
    centre = (share + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
    half = _Z / (1 + _Z**2 / count) * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def fleiss_kappa(votes: np.ndarray) -> float:
    """Fleiss' kappa, agreement beyond chance (Fleiss 1971, eq. 7): 1 is full agreement, 0 is chance level.

    Args:
        votes: how many raters chose each category, int `[items, categories]`; the same number of raters for each item,
            at least two.

    Returns:
        NaN if all chose one category for everything, since chance agreement is then complete, too.
    """
    raters = votes[0].sum()
    by_item = (np.square(votes).sum(axis=1) - raters) / (raters * (raters - 1))
    chance = float(np.square(votes.sum(axis=0) / votes.sum()).sum())
    return float("nan") if chance == 1 else float((by_item.mean() - chance) / (1 - chance))
