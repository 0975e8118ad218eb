"""Finds images to remove from a source: copies, near-duplicates, blank images, outliers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from aigc_tf.data.images.overview import DEVIATIONS, near_pairs, to_nearest
from aigc_tf.data.images.source import pieces_of
from aigc_tf.data.overview import far_out


class Doubt(NamedTuple):
    """A suspicious image, and why."""

    kind: str
    """"copy", "near-duplicate", "blank" or "outlier"."""
    row: int
    """Index of the image."""
    like: int | None = None
    """The earlier image that it duplicates."""


def doubts(images: np.ndarray) -> list[Doubt]:
    """Suspicious images by kind, each one once; the furthest outliers first.

    Args:
        images: uint8 `[count, height, width, channels]`; all pairs are compared.
    """
    copies = dict(_copies(images))
    left = np.array([row for row in range(len(images)) if row not in copies], np.int64)
    some = np.asarray(images[left])
    blank = {int(row) for row in left[some.min(axis=(1, 2, 3)) == some.max(axis=(1, 2, 3))]}
    near = {int(left[later]): int(left[earlier]) for earlier, later in near_pairs(some) if left[later] not in blank}
    alone = [int(row) for row in left[far_out(to_nearest(some), DEVIATIONS)]]
    return [
        *(Doubt("copy", row, like) for row, like in copies.items()),
        *(Doubt("near-duplicate", row, like) for row, like in near.items()),
        *(Doubt("blank", row) for row in sorted(blank)),
        *(Doubt("outlier", row) for row in alone if row not in blank | near.keys()),
    ]


def _copies(images: np.ndarray) -> Iterator[tuple[int, int]]:
    """Images with the same pixels as an earlier one, paired with that one."""
    first: dict[bytes, int] = {}
    row = 0
    for chunk in pieces_of(images):
        for image in chunk:
            like = first.setdefault(image.tobytes(), row)
            if like != row:
                yield row, like
            row += 1
