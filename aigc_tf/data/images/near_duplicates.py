"""Test pictures that look like a training picture: the same one saved anew, in another format or size."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aigc_tf.data.images.source import pieces_of

_STEP = 4  # levels by which neighbouring cells differ at least: what compression changes in even areas does not count
_BITS = 6  # of 64, in which the hashes of one picture may differ
_RMS = 12.0  # levels; root of the mean squared difference of the pixels of one picture
_COMPARED = 16  # training pictures, those with the nearest hashes, whose pixels are compared with a test picture's
_MAX_PAIRS = 2**32  # of hashes: half a minute
QUICKLY = 2**27
"""Pairs of hashes where they are compared at each start: a second."""
_AT_ONCE = 8  # test pictures: their distances fit in the processor's cache


class NearDuplicates(NamedTuple):
    """How many test pictures look like a training picture."""

    found: int
    looked_at: int
    """Test pictures that were compared with all training pictures, evenly spread."""


def near_duplicates(train: np.ndarray, test: np.ndarray, max_pairs: int | None = None) -> NearDuplicates:
    """Test pictures whose perceptual hash is near that of a training picture which has nearly the same pixels.

    Args:
        train: uint8 `[count, height, width, channels]`.
        test: the same.
        max_pairs: of hashes that are compared; by default as many as half a minute takes.
    """
    if not len(train) or not len(test):
        return NearDuplicates(0, len(test))
    looked_at = min(len(test), max(1, (max_pairs or _MAX_PAIRS) // len(train)))
    rows = np.linspace(0, len(test) - 1, looked_at).astype(np.int64)
    known, hashes = difference_hashes(train), difference_hashes(test)[rows]
    count = 0
    for start in range(0, looked_at, _AT_ONCE):
        distances = np.bitwise_count(hashes[start : start + _AT_ONCE, np.newaxis] ^ known)
        for row, to_all in zip(rows[start : start + _AT_ONCE], distances, strict=True):
            near = nearest(to_all)
            count += bool(len(near)) and bool(alike(np.asarray(train[near]), np.asarray(test[row])).any())
    return NearDuplicates(count, looked_at)


def note_on(near: NearDuplicates) -> tuple[str, ...]:
    """What to say of them, if there are any."""
    if not near.found:
        return ()
    return (
        f"{near.found:,} of {near.looked_at:,} test images are near-duplicates of training images (by a perceptual "
        "hash and their pixels): what is measured on them is too good",
    )


def difference_hashes(images: np.ndarray) -> np.ndarray:
    """Of each image 64 bits: whether it becomes lighter from one cell of an 8x9 grid to the next on the right.

    N. Krawetz: Kind of Like That, 2013 ("dHash").

    Args:
        images: uint8 `[count, height, width, channels]`.

    Returns:
        uint64 `[count]`.
    """
    hashes = [np.empty(0, np.uint64)]
    for chunk in pieces_of(images):
        grey = chunk.mean(axis=-1, dtype=np.float32)
        for axis, cells in ((1, 8), (2, 9)):
            size = grey.shape[axis]
            starts = np.arange(cells) * size // cells
            ends = np.maximum(np.append(starts[1:], size), starts + 1)
            shape = [-1 if place == axis else 1 for place in range(3)]
            grey = np.add.reduceat(grey, starts, axis=axis) / (ends - starts).astype(np.float32).reshape(shape)
        bits = grey[:, :, 1:] > grey[:, :, :-1] + _STEP
        hashes.append(np.packbits(bits.reshape(len(chunk), 64), axis=1).view(np.uint64).ravel())
    return np.concatenate(hashes)


def nearest(distances: np.ndarray) -> np.ndarray:
    """Positions of the smallest distances of hashes, if they are small enough for one picture: int64 `[at most 16]`."""
    near = np.flatnonzero(distances <= _BITS)
    return near[np.argsort(distances[near], kind="stable")[:_COMPARED]]


def alike(candidates: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Which of the images `[count, height, width, channels]` have nearly the pixels of another: bool `[count]`."""
    difference = candidates.astype(np.float32) - picture.astype(np.float32)
    return np.square(difference).mean(axis=(1, 2, 3)) <= _RMS**2
