"""Statistics of a source, to inspect it before training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

BINS = 20


@dataclass(frozen=True)
class Counts:
    """Counts by class."""

    names: Sequence[str]
    numbers: np.ndarray
    """int `[kinds]`."""


@dataclass(frozen=True)
class Shown:
    """Examples in the form that models take."""

    values: Any
    titles: list[str] | None = None
    """Title of each, where it has one."""
    columns: int | None = None
    """Number of examples side by side, where that applies."""


@dataclass(frozen=True)
class Overview:
    """Facts, counts and examples of the training part, each by topic."""

    facts: dict[str, str] = field(default_factory=dict)
    counts: dict[str, Counts] = field(default_factory=dict)
    examples: dict[str, Shown] = field(default_factory=dict)


def examples_alone(source: Any) -> Overview:
    """The overview that any source has: only examples."""
    return Overview(examples={"examples": Shown(*source.shown("train", 8))})


def histogram(values: np.ndarray) -> Counts:
    """Histogram of integers with at most twenty bins of equal width."""
    low, high = int(values.min()), int(values.max())
    width = max(1, -(-(high - low + 1) // BINS))
    starts = np.arange(low, high + 1, width)
    numbers = np.bincount((values - low) // width, minlength=len(starts))
    return Counts([str(start) if width == 1 else f"{start}-{start + width - 1}" for start in starts], numbers)


def spread_in_words(values: np.ndarray, unit: str) -> str:
    """ "from 3 to 80 characters, median 41"."""
    return f"from {values.min():,} to {values.max():,} {unit}, median {np.median(values):,.0f}"


def far_out(distances: np.ndarray, deviations: float) -> np.ndarray:
    """Outliers: positions of values far above the median, largest first.

    Args:
        distances: `[count]`; fewer than two have no outliers.
        deviations: threshold, in standard deviations of a normal distribution with the same median absolute deviation.
    """
    if len(distances) < 2:
        return np.zeros(0, np.int64)
    above = distances - np.median(distances)
    scale = 1.4826 * np.median(np.abs(above))
    order = np.argsort(-distances, kind="stable")
    return order[above[order] > deviations * max(scale, 1e-12)]
