"""Image quality by class: a mean over all classes hides those that a model draws badly or leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from aigc_tf.metrics.intervals import wilson_interval
from aigc_tf.metrics.kernel import KernelDistance, kernel_distance
from aigc_tf.metrics.precision_recall import PrecisionRecall, precision_recall

MAX_COMPARED, MIN_COMPARED = 200, 10
"""Images on each side of a class's precision and recall, equal for all classes, since both depend on it."""


class Grouped(NamedTuple):
    """Images in groups."""

    features: np.ndarray
    """`[images, d]`."""
    groups: np.ndarray
    """The class of each, int `[images]`."""
    asked: bool = False
    """Whether the groups are requested classes; otherwise a classifier predicted them."""
    taken_for: np.ndarray | None = None
    """For requested classes, the class that a classifier predicts for each image; None without a classifier."""


class OfClass(NamedTuple):
    """The images of one class compared with the real ones."""

    number: int
    share: float
    """Share of the drawn images."""
    real_share: float
    recognised: float | None
    """Share of its images that a classifier assigns to it, if the class was requested and there is a classifier."""
    drawn: int
    """Images."""
    kernel: KernelDistance | None
    """None where there are too few images."""
    neighbours: PrecisionRecall | None


class ByClass(NamedTuple):
    """All classes that real images have."""

    rows: Sequence[OfClass]
    compared: int
    """Number of images per class on each side of precision and recall."""
    images: int
    """Total number of drawn images."""
    asked: bool
    """Whether classes were requested: their shares are then meaningless."""

    @property
    def worst_precision(self) -> float | None:
        """The lowest precision of the classes with enough images; None if there are none."""
        return min((row.neighbours.precision for row in self.rows if row.neighbours), default=None)

    @property
    def worst_recall(self) -> float | None:
        """The lowest recall, likewise."""
        return min((row.neighbours.recall for row in self.rows if row.neighbours), default=None)

    @property
    def worst_kernel_distance(self) -> float | None:
        """The largest kernel distance, likewise."""
        return max((row.kernel.distance for row in self.rows if row.kernel), default=None)

    def table(self, names: Sequence[str] | None) -> list[dict[str, Any]]:
        """A row of unrounded figures for each class; shares with their 95 % intervals (Wilson 1927)."""
        return [self._row(row, str(names[row.number] if names else row.number)) for row in self.rows]

    def _row(self, row: OfClass, name: str) -> dict[str, Any]:
        return {
            "class": name,
            **self._frequency(row),
            "precision": row.neighbours and row.neighbours.precision,
            "recall": row.neighbours and row.neighbours.recall,
            "kernel distance": row.kernel and row.kernel.distance,
            "its error": row.kernel and row.kernel.standard_error,
        }

    def _frequency(self, row: OfClass) -> dict[str, float]:
        if not self.asked:
            return _shares("share", row.share, self.images) | {"real share": row.real_share}
        return {} if row.recognised is None else _shares("recognised", row.recognised, row.drawn)


def _shares(name: str, share: float, count: int) -> dict[str, float]:
    low, high = wilson_interval(share, count) if count else (0.0, 1.0)
    return {name: share, "from": low, "to": high}


def by_class(drawn: Grouped, real: Grouped, classes: int) -> ByClass | None:
    """Compare images with real ones, class by class.

    Args:
        drawn: images, grouped by requested class or else by a classifier's prediction.
        real: real images, grouped in the same way.
        classes: number of classes.

    Returns:
        None if fewer than 10 images of each class could be compared.
    """
    compared = min(MAX_COMPARED, len(drawn.groups) // (2 * classes), len(real.groups) // (2 * classes))
    if compared < MIN_COMPARED:
        return None
    present = np.flatnonzero(np.bincount(real.groups, minlength=classes))
    rows = [_of_class(drawn, real, number, compared) for number in present.tolist()]
    return ByClass(rows, compared, len(drawn.groups), drawn.asked)


def _of_class(drawn: Grouped, real: Grouped, number: int, compared: int) -> OfClass:
    ours, theirs = drawn.groups == number, real.groups == number
    taken_for = None if drawn.taken_for is None else drawn.taken_for[ours]
    enough = min(ours.sum(), theirs.sum()) >= compared
    features, reference = drawn.features[ours], real.features[theirs]
    return OfClass(
        number,
        float(ours.mean()),
        float(theirs.mean()),
        None if taken_for is None else float((taken_for == number).sum() / max(len(taken_for), 1)),
        int(ours.sum()),
        kernel_distance(features, reference) if enough else None,
        precision_recall(_spread(reference, compared), _spread(features, compared)) if enough else None,
    )


def _spread(features: np.ndarray, count: int) -> np.ndarray:
    return features[np.linspace(0, len(features) - 1, count).round().astype(int)]
