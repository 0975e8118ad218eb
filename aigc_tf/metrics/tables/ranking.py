"""The area under the ROC curve."""

from __future__ import annotations

import numpy as np


def area_under_curve(positive: np.ndarray, negative: np.ndarray) -> float:
    """ROC AUC: the probability that a positive score is above a negative one; ties count half.

    Args:
        positive: scores `[count]` of positives.
        negative: scores of negatives.
    """
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left") + np.searchsorted(ordered, positive, side="right")
    return float(below.mean() / (2 * len(ordered)))
