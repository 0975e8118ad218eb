"""Improved precision and recall: fidelity of the generated examples, and coverage of the real ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aigc_tf.metrics.distances import blocks, nearest, squared_distances

NEIGHBOURS = 3  # Kynkäänniemi et al. 2019, §2


class PrecisionRecall(NamedTuple):
    """Both from 0 to 1, higher is better."""

    precision: float
    """Share of the generated features inside the real manifold."""
    recall: float
    """Share of the real features inside the generated manifold."""


def precision_recall(real: np.ndarray, generated: np.ndarray, neighbours: int = NEIGHBOURS) -> PrecisionRecall:
    """Improved precision and recall of features `[n, d]` and `[m, d]` (Kynkäänniemi et al. 2019, eqs. 1 and 2).

    A manifold is the union of balls around the features of one set, each reaching to the feature's k-th
    nearest neighbour in that set. It depends on the number of features: compare only figures of equal counts, and use
    sets of the same size. Time grows with n * m, memory with n + m.

    Raises:
        ValueError: a set has no more than `neighbours` features.
    """
    if min(len(real), len(generated)) <= neighbours:
        raise ValueError(f"{neighbours} neighbours need more than {neighbours} features in each set")
    return PrecisionRecall(_covered(generated, real, neighbours), _covered(real, generated, neighbours))


def _covered(features: np.ndarray, manifold: np.ndarray, neighbours: int) -> float:
    """The share of `features` inside the balls around `manifold`."""
    # Each feature is its own nearest neighbour at distance 0, and does not count.
    radii = nearest(manifold, manifold, neighbours + 1).distances[:, -1]
    inside = np.zeros(len(features), bool)
    for start, block in blocks(features):
        for centre_start, centres in blocks(manifold):
            distances = np.sqrt(squared_distances(block, centres))
            reached = distances <= radii[centre_start : centre_start + len(centres)]
            inside[start : start + len(block)] |= reached.any(axis=1)
    return float(inside.mean())
