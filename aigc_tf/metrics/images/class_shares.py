"""Which classes images are taken for, and how often: what a generator leaves out, no distance says by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

SHOWN = 10
"""Classes that are named in words, the rarest first."""


class ClassShares(NamedTuple):
    """The shares of images that a classifier takes for each class."""

    drawn: np.ndarray
    """Of the images that are judged, float64 `[classes]`."""
    real: np.ndarray
    """Of real ones, told by the same classifier, which errs on both sides."""

    @property
    def distance(self) -> float:
        """The total variation distance of both, from 0 to 1: the share of images that are of the wrong class."""
        return float(0.5 * np.abs(self.drawn - self.real).sum())

    @property
    def smallest(self) -> float:
        """The smallest share of a class that real images have."""
        return float(self.drawn[self.real > 0].min())

    def in_words(self, names: Sequence[str] | None) -> str:
        """The shares of the rarest classes beside those of real images: "Bag 1.2 % (real 10.0 %), ..."."""
        shown = np.argsort(self.drawn, kind="stable")[:SHOWN]
        shares = 100 * np.stack([self.drawn, self.real], axis=1)[shown]
        called = [str(names[place] if names else place) for place in shown]
        return ", ".join(
            f"{name} {drawn:.1f} % (real {real:.1f} %)" for name, (drawn, real) in zip(called, shares, strict=True)
        )


def shares_of(probabilities: np.ndarray) -> np.ndarray:
    """The shares of images by their likeliest class, float64 `[classes]`, of probabilities `[images, classes]`."""
    return np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1]) / len(probabilities)
