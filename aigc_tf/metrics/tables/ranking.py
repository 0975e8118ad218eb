"""The area under the ROC curve."""

from __future__ import annotations

import numpy as np


def area_under_curve(positive: np.ndarray, negative: np.ndarray) -> float:
    """The probability that a score of the first kind is above one of the second; equal ones count half.

    Args:
        positive: scores `[count]` of those that should have high ones.
        negative: of the others.
    """
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left") + np.searchsorted(ordered, positive, side="right")
    return float(below.mean() / (2 * len(ordered)))
