"""How sure a measured share is, and how far raters agree."""

from __future__ import annotations

import math

import numpy as np

_Z = 1.959964  # the normal distribution's 97.5 %


def wilson_interval(share: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share of `count` independent trials (Wilson 1927, eq. 3)."""
    centre = (share + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
    half = _Z / (1 + _Z**2 / count) * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def fleiss_kappa(votes: np.ndarray) -> float:
    """Agreement beyond chance (Fleiss 1971, eq. 7): 1 is full agreement, 0 what chance gives.

    Args:
        votes: how many raters chose each category, int `[items, categories]`; as many raters for each item, at least
            two.

    Returns:
        NaN if all chose one category for everything: then chance agrees fully, too.
    """
    raters = votes[0].sum()
    by_item = (np.square(votes).sum(axis=1) - raters) / (raters * (raters - 1))
    chance = float(np.square(votes.sum(axis=0) / votes.sum()).sum())
    return float("nan") if chance == 1 else float((by_item.mean() - chance) / (1 - chance))
