"""Inception score: whether single images are recognisable and the set of images is diverse."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class InceptionScore(NamedTuple):
    """Over splits; from 1 (worst) to the number of classes."""

    mean: float
    std: float


def inception_score(probabilities: np.ndarray, splits: int = 10) -> InceptionScore:
    """The Inception score, exp(E KL(p(y|x) ‖ p(y))), on each of `splits` consecutive parts (Salimans et al. 2016, §4).

    Args:
        probabilities: `[n, classes]`, each row summing to 1.

    Returns:
        Mean and (population) standard deviation over the splits, as the paper reports them.

    Raises:
        ValueError: fewer images than splits.
    """
    if len(probabilities) < splits:
        raise ValueError(f"{len(probabilities)} images cannot make {splits} splits")
    scores = []
    for part in np.array_split(np.asarray(probabilities, np.float64), splits):
        # Where p is 0, the term p log p is 0; p(y) is 0 only if every p(y|x) is.
        tiny = np.finfo(np.float64).tiny
        logarithms = np.log(np.maximum(part, tiny)) - np.log(np.maximum(part.mean(axis=0), tiny))
        scores.append(np.exp((part * logarithms).sum(axis=1).mean()))
    return InceptionScore(float(np.mean(scores)), float(np.std(scores)))
