"""Class frequencies of generated images: they name the classes that a generator leaves out, distances do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

SHOWN = 10
"""Number of classes named in the summary, rarest first."""


class ClassShares(NamedTuple):
    """The shares of images that a classifier assigns to each class."""

    drawn: np.ndarray
    """Of the evaluated images, float64 `[classes]`."""
    real: np.ndarray
    """Of real images, by the same classifier, so that its errors affect both."""

    @property
    def distance(self) -> float:
        """Total variation distance between both, from 0 to 1: the share of images in excess in some class."""
        return float(0.5 * np.abs(self.drawn - self.real).sum())

    @property
    def smallest(self) -> float:
        """The smallest share among the classes of real images."""
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
    """Shares of the most probable classes, float64 `[classes]`, from probabilities `[images, classes]`."""
    return np.bincount(probabilities.argmax(axis=1), minlength=probabilities.shape[1]) / len(probabilities)
