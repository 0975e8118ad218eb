"""Pairwise Euclidean distances and nearest neighbours, in blocks, so that memory does not grow with the sets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

_BLOCK_NUMBERS = 2**22  # a block of vectors or of distances holds at most about this many (32 MB)
_BLOCK_ROWS = 2048  # two blocks of this many rows have 2**22 pairs


class Nearest(NamedTuple):
    """The nearest vectors of each query, nearest first."""

    indices: np.ndarray
    """int64 `[queries, count]`, into the vectors searched."""
    distances: np.ndarray
    """float64 `[queries, count]`, Euclidean."""


def blocks(vectors: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """`(start, float64 [rows, d])` over `[n, ...]`; examples are flattened to vectors."""
    numbers = int(np.prod(vectors.shape[1:], dtype=np.int64))
    rows = max(1, min(_BLOCK_ROWS, _BLOCK_NUMBERS // max(1, numbers)))
    for start in range(0, len(vectors), rows):
        part = vectors[start : start + rows]
        yield start, np.asarray(part, np.float64).reshape(len(part), -1)


def squared_distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """`[n, d]`, `[m, d]` float64 -> `[n, m]`.

    Computed as |x|² + |y|² - 2 x·y, which is exact for whole numbers (pixels), and otherwise has an error of the order
    of the rounding of |x|².
    """
    squared = first @ second.T
    squared *= -2
    squared += (first**2).sum(axis=1)[:, None]
    squared += (second**2).sum(axis=1)
    return np.maximum(squared, 0.0, out=squared)


def nearest(queries: np.ndarray, vectors: np.ndarray, count: int) -> Nearest:
    """The `count` nearest of `vectors` `[m, ...]` to each of `queries` `[n, ...]`, by brute force.

    Ties are broken by the lower index. `count` should be small: time grows with it.

    Raises:
        ValueError: fewer than `count` vectors.
    """
    if len(vectors) < count:
        raise ValueError(f"{count} neighbours were requested among {len(vectors)} vectors")
    found = [_nearest_to_block(query_block, vectors, count) for _, query_block in blocks(queries)]
    if not found:
        return Nearest(np.zeros((0, count), np.int64), np.zeros((0, count)))
    return Nearest(np.concatenate([f.indices for f in found]), np.concatenate([f.distances for f in found]))


def _nearest_to_block(query_block: np.ndarray, vectors: np.ndarray, count: int) -> Nearest:
    best = np.full((len(query_block), count), np.inf)
    best_indices = np.zeros((len(query_block), count), np.int64)
    rows = np.arange(len(query_block))
    for start, block in blocks(vectors):
        squared = squared_distances(query_block, block)
        # Repeated minimum: for a few neighbours far faster than any partial sort.
        for _ in range(min(count, len(block))):
            indices = squared.argmin(axis=1)
            values = squared[rows, indices]
            if (values >= best[:, -1]).all():
                break
            squared[rows, indices] = np.inf
            best = np.column_stack([best, values])
            best_indices = np.column_stack([best_indices, indices + start])
            order = np.argsort(best, axis=1, kind="stable")[:, :count]
            best = np.take_along_axis(best, order, axis=1)
            best_indices = np.take_along_axis(best_indices, order, axis=1)
    return Nearest(best_indices, np.sqrt(best))
