"""Dynamic time warping: similarity of two sounds irrespective of their speed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Warped(NamedTuple):
    """The best warping path through two sequences."""

    distance: float
    """Mean distance of the aligned frames along the path."""
    first: np.ndarray
    """int64 `[steps]`, frames of the first sequence."""
    second: np.ndarray
    """int64 `[steps]`, the aligned frames of the second."""


def warped(first: np.ndarray, second: np.ndarray) -> Warped:
    """The path with the smallest total distance, covering all frames (Sakoe & Chiba 1978, §III, symmetric form).

    Args:
        first: `[frames, features]`.
        second: `[frames, features]`.
    """
    distances = np.abs(first[:, None] - second[None]).mean(axis=-1)
    total = sums(distances[np.newaxis])[0]
    row, column = len(first) - 1, len(second) - 1
    way = [(row, column)]
    while row or column:
        steps = [(row - 1, column - 1), (row - 1, column), (row, column - 1)]
        row, column = min((step for step in steps if min(step) >= 0), key=lambda step: total[step])
        way.append((row, column))
    rows, columns = np.array(way[::-1]).T
    return Warped(float(distances[rows, columns].mean()), rows, columns)


def sums(distances: np.ndarray) -> np.ndarray:
    """The smallest total distance of a path to each cell, `[batch, rows, columns]`, for distances of that shape."""
    batch, rows, columns = distances.shape
    total = np.full((batch, rows + 1, columns + 1), np.inf)
    total[:, 0, 0] = 0
    for diagonal in range(rows + columns - 1):
        row = np.arange(max(0, diagonal - columns + 1), min(rows, diagonal + 1))
        column = diagonal - row
        before = np.minimum(np.minimum(total[:, row, column], total[:, row, column + 1]), total[:, row + 1, column])
        total[:, row + 1, column + 1] = before + distances[:, row, column]
    return total[:, 1:, 1:]


def nearest_template(sequence: np.ndarray, templates: Sequence[np.ndarray]) -> int:
    """Index of the template `[frames, features]` nearest to a sequence, by total distance over the sum of lengths."""
    longest = max(map(len, templates))
    padded = np.stack([np.pad(part, ((0, longest - len(part)), (0, 0))) for part in templates])
    distances = np.abs(sequence[None, :, None] - padded[:, None]).mean(axis=-1)
    ends = np.array([len(part) for part in templates])
    found = sums(distances)[np.arange(len(templates)), -1, ends - 1]
    return int(np.argmin(found / (len(sequence) + ends)))
