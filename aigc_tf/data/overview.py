"""What there is to know of a source before a model is trained on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

BINS = 20


@dataclass(frozen=True)
class Counts:
    """How many there are of each kind."""

    names: Sequence[str]
    numbers: np.ndarray
    """int `[kinds]`."""


@dataclass(frozen=True)
class Shown:
    """Some examples in the form that models take."""

    values: Any
    titles: list[str] | None = None
    """What each is called, where it has a name."""
    columns: int | None = None
    """How many stand beside each other, where that means something."""


@dataclass(frozen=True)
class Overview:
    """Facts, counts and examples of the training part, each by what they are about."""

    facts: dict[str, str] = field(default_factory=dict)
    counts: dict[str, Counts] = field(default_factory=dict)
    examples: dict[str, Shown] = field(default_factory=dict)


def examples_alone(source: Any) -> Overview:
    """What any source can show."""
    return Overview(examples={"examples": Shown(*source.shown("train", 8))})


def histogram(values: np.ndarray) -> Counts:
    """How many of some whole numbers lie in each of at most twenty ranges of one width."""
    low, high = int(values.min()), int(values.max())
    width = max(1, -(-(high - low + 1) // BINS))
    starts = np.arange(low, high + 1, width)
    numbers = np.bincount((values - low) // width, minlength=len(starts))
    return Counts([str(start) if width == 1 else f"{start}-{start + width - 1}" for start in starts], numbers)


def spread_in_words(values: np.ndarray, unit: str) -> str:
    """ "from 3 to 80 characters, median 41"."""
    return f"from {values.min():,} to {values.max():,} {unit}, median {np.median(values):,.0f}"


def far_out(distances: np.ndarray, deviations: float) -> np.ndarray:
    """Positions of values that lie far above the median, the farthest first.

    Args:
        distances: `[count]`; fewer than two have nothing to lie far above.
        deviations: how far, in standard deviations of a normal distribution with the same median absolute deviation.
    """
    if len(distances) < 2:
        return np.zeros(0, np.int64)
    above = distances - np.median(distances)
    scale = 1.4826 * np.median(np.abs(above))
    order = np.argsort(-distances, kind="stable")
    return order[above[order] > deviations * max(scale, 1e-12)]
