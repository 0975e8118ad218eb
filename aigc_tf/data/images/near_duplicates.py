"""Test images that are near-duplicates of training images: the same image re-encoded or resized."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from aigc_tf.data.images.source import pieces_of

_STEP = 4  # minimum difference of neighbouring cells, in levels: compression noise in even areas does not count
_BITS = 6  # of 64, in which the hashes of near-duplicates may differ
_RMS = 12.0  # levels; root mean square difference of the pixels of near-duplicates
_COMPARED = 16  # training images with the nearest hashes whose pixels are compared with a test image
_MAX_PAIRS = 2**32  # of hashes: half a minute
QUICKLY = 2**27
"""Pairs of hashes to compare at each start: a second."""
_AT_ONCE = 8  # test images: their distances fit in the CPU cache


class NearDuplicates(NamedTuple):
    """The number of test images that are near-duplicates of training images."""

    found: int
    looked_at: int
    """Number of test images, evenly spread, that were compared with all training images."""


def near_duplicates(train: np.ndarray, test: np.ndarray, max_pairs: int | None = None) -> NearDuplicates:
    """Find test images whose perceptual hash and pixels are close to those of a training image.

    Args:
        train: uint8 `[count, height, width, channels]`.
        test: the same.
        max_pairs: maximum pairs of hashes to compare; by default as many as half a minute allows.
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
    """A note on them for the user, if there are any."""
    if not near.found:
        return ()
    return (
        f"{near.found:,} of {near.looked_at:,} test images are near-duplicates of training images (by a perceptual "
        "hash and their pixels): results on them are too optimistic",
    )


def difference_hashes(images: np.ndarray) -> np.ndarray:
    """64-bit difference hash of each image: whether brightness rises from one cell of an 8x9 grid to the next one.

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
    """Indices of the smallest hash distances that are below the threshold: int64 `[at most 16]`."""
    near = np.flatnonzero(distances <= _BITS)
    return near[np.argsort(distances[near], kind="stable")[:_COMPARED]]


def alike(candidates: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Which of the images `[count, height, width, channels]` have nearly the same pixels as another: bool `[count]`."""
    difference = candidates.astype(np.float32) - picture.astype(np.float32)
    return np.square(difference).mean(axis=(1, 2, 3)) <= _RMS**2
