"""Which pictures a source would be better without: copies, near-duplicates, blanks, outliers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from aigc_tf.data.images.overview import DEVIATIONS, near_pairs, to_nearest
from aigc_tf.data.images.source import pieces_of
from aigc_tf.data.overview import far_out


class Doubt(NamedTuple):
    """A picture to look at, and why."""

    kind: str
    """ "copy", "near-duplicate", "blank" or "outlier"."""
    row: int
    """Of the picture."""
    like: int | None = None
    """The earlier picture that it repeats."""


def doubts(images: np.ndarray) -> list[Doubt]:
    """What is to be looked at, kind by kind; each picture once. Of outliers, the strangest comes first.

    Args:
        images: uint8 `[count, height, width, channels]`; all are compared with all.
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
    """Rows that have the same pixels as an earlier one, with that one."""
    first: dict[bytes, int] = {}
    row = 0
    for chunk in pieces_of(images):
        for image in chunk:
            like = first.setdefault(image.tobytes(), row)
            if like != row:
                yield row, like
            row += 1
