"""Statistics of images: classes, copies, near-duplicates, outliers."""

from __future__ import annotations

import numpy as np

from aigc_tf.data.images.near_duplicates import alike, difference_hashes, nearest
from aigc_tf.data.images.source import ImageSource, pieces_of
from aigc_tf.data.overview import Counts, Overview, Shown, far_out
from aigc_tf.data.progress import progress
from aigc_tf.data.source import evenly

EXAMPLES, PAIRS, OUTLIERS = 40, 4, 8  # numbers of images to show
_COMPARED, _COMPARED_BYTES = 4000, 2**26  # maximum number and bytes of images to compare pairwise, evenly spread
_CELLS = 8  # grid size for comparing images
DEVIATIONS = 6.0
"""Robust standard deviations above the median at which a distance is an outlier; see `far_out`."""


def overview(source: ImageSource) -> Overview:
    """Describe a source of images."""
    images = source.train.images
    rows = evenly(len(images), min(_COMPARED, max(2, _COMPARED_BYTES // images[0].nbytes)))
    some = np.asarray(images[rows])
    sample = "" if len(rows) == len(images) else f" (of {len(rows):,} that were compared)"
    pairs = near_pairs(some)
    alone = far_out(to_nearest(some), DEVIATIONS)
    blank = np.flatnonzero(some.min(axis=(1, 2, 3)) == some.max(axis=(1, 2, 3)))
    facts = {
        "size": "{} x {} pixels, {}".format(*images.shape[1:3], "grey" if images.shape[3] == 1 else "RGB"),
        "brightness": f"{some.mean() / 255:.2f} of 1, deviation {some.std() / 255:.2f}",
        "copies": f"{copies(images):,} images are equal to an earlier one",
        "near-duplicates": f"{len(pairs):,} images look like an earlier one{sample}",
        "outliers": f"{len(alone):,} images are unlike all others{sample}",
        "blank": f"{len(blank):,} images have a single colour{sample}",
    }
    counts = {}
    if source.class_names is not None and source.train.labels is not None:
        numbers = np.bincount(source.train.labels, minlength=len(source.class_names))
        counts["classes"] = Counts(source.class_names, numbers)
    examples = {"examples": Shown(*source.shown("train", EXAMPLES))}
    if len(pairs):
        examples["near-duplicates, side by side"] = Shown(some[pairs[:PAIRS].ravel()], columns=2)
    if len(alone):
        examples["outliers, most unusual first"] = Shown(some[alone[:OUTLIERS]])
    return Overview(facts, counts, examples)


def copies(images: np.ndarray) -> int:
    """Number of images with the same pixels as an earlier one."""
    seen = {hash(image.tobytes()) for chunk in pieces_of(images) for image in chunk}
    return len(images) - len(seen)


def near_pairs(images: np.ndarray) -> np.ndarray:
    """Near-duplicates of an earlier image, that one first, without exact copies: int64 `[pairs, 2]`."""
    hashes, found = difference_hashes(images), []
    for row in progress(range(1, len(images)), len(images), "comparing images"):
        near = nearest(np.bitwise_count(hashes[:row] ^ hashes[row]))
        others = near[(images[near] != images[row]).any(axis=(1, 2, 3))]
        match = others[alike(images[others], images[row])]
        if len(match):
            found.append((match[0], row))
    return np.array(found, np.int64).reshape(-1, 2)


def to_nearest(images: np.ndarray) -> np.ndarray:
    """Distance of each image to its nearest neighbour, by the mean colours of 8x8 cells: float32 `[count]`, in levels.

    Args:
        images: uint8 `[count, height, width, channels]`.
    """
    height, width = images.shape[1:3]
    starts = [np.arange(min(_CELLS, size)) * size // min(_CELLS, size) for size in (height, width)]
    cells = np.add.reduceat(np.add.reduceat(images.astype(np.float32), starts[0], axis=1), starts[1], axis=2)
    points = cells.reshape(len(images), -1) / (height * width / (len(starts[0]) * len(starts[1])))
    squares = np.square(points).sum(axis=1)
    closest = np.empty(len(points), np.float32)
    for start in progress(range(0, len(points), 500), -(-len(points) // 500), "comparing colours"):
        part = slice(start, start + 500)
        between = squares[part, None] + squares - 2 * points[part] @ points.T
        between[np.arange(len(between)), np.arange(start, start + len(between))] = np.inf
        closest[part] = between.min(axis=1)
    return np.sqrt(np.maximum(closest, 0))
