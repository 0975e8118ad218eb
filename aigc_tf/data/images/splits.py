"""Collects prepared images into splits, in memory or in files if they do not fit."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

import numpy as np
import psutil  # type: ignore[import-untyped]

from aigc_tf.data.images.source import Split
from aigc_tf.errors import InputError
from aigc_tf.storage.cache import cache_folder, cache_root

# Images whose hash, as a 64-bit number, is below this are held out: a tenth.
_HELD_OUT_BELOW = np.uint64(2**64 // 10)


def memory_limit() -> int:
    """Bytes of images that one split may keep in memory: a quarter of what is available now."""
    return int(psutil.virtual_memory().available) // 4


class SplitBuilder:
    """Collects the examples of one split batch by batch. Must be closed, also after a failure.

    Images go to a new file if its path is given. Otherwise those beyond the memory limit go to an unnamed temporary
    file, which exists as long as the array that maps it, and is gone when the process ends in any way.
    """

    def __init__(self, shape: tuple[int, int, int], path: Path | None = None) -> None:
        self._shape = shape
        self._limit = memory_limit()
        self._chunks: list[np.ndarray] = []
        self._is_named = path is not None
        self._file: IO[bytes] | None = None if path is None else path.open("x+b")
        self._labels: list[np.ndarray] = []
        self._count = 0

    def add(self, images: np.ndarray, labels: np.ndarray | None) -> None:
        """Add prepared images, uint8 `[n, height, width, channels]`, with labels `[n]`, always or never.

        Raises:
            InputError: the images fit neither in memory nor on the disk.
            OSError: they cannot be written to the file that was given.
        """
        if not len(images):
            return
        self._chunks.append(images)
        self._count += len(images)
        if labels is not None:
            self._labels.append(labels)
        if self._file is not None or self._count * int(np.prod(self._shape)) > self._limit:
            self._move_to_file()

    def split(self) -> Split:
        """The split with everything added."""
        labels = np.concatenate(self._labels).astype(np.int64) if self._labels else None
        if self._file is not None and self._count:
            return Split(np.memmap(self._file, np.uint8, mode="r", shape=(self._count, *self._shape)), labels)
        if not self._chunks:
            return Split(np.empty((0, *self._shape), np.uint8), labels)
        return Split(np.concatenate(self._chunks), labels)

    def close(self) -> None:
        """Release the file; an array that maps it keeps it open."""
        if self._file is not None:
            self._file.close()

    def _move_to_file(self) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(dir=cache_folder("images"))  # noqa: SIM115 (closed by `close`)
            for chunk in self._chunks:
                self._file.write(np.ascontiguousarray(chunk).data)
            self._file.flush()
        except OSError as error:
            if self._is_named:
                raise
            raise InputError(
                f"the images do not fit in memory, and {cache_root()} cannot hold them ({error.strerror}): "
                "set AIGC_TF_CACHE to a folder on a larger disk"
            ) from error
        self._chunks.clear()


class HoldOut:
    """Holds out a tenth of examples as a test split by a hash of their content. Must be closed.

    The side of an image depends on nothing but itself: it never changes when others are added or removed, and
    duplicates are always on the same side. Only if one side would be empty (with a handful of images), the image with
    the smallest hash becomes the test part, or the one with the largest hash the training part.
    """

    def __init__(self, shape: tuple[int, int, int], paths: tuple[Path | None, Path | None] = (None, None)) -> None:
        self._sides = (SplitBuilder(shape, paths[0]), SplitBuilder(shape, paths[1]))
        self._keys: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])

    def add(self, images: np.ndarray, digests: Sequence[bytes], labels: np.ndarray | None) -> None:
        """Add prepared images, uint8 `[n, height, width, channels]`, with SHA-256 digests that decide their side."""
        keys = np.frombuffer(b"".join(digest[:8] for digest in digests), ">u8").astype(np.uint64)
        tested = keys < _HELD_OUT_BELOW
        for builder, side_keys, chosen in zip(self._sides, self._keys, (~tested, tested), strict=True):
            builder.add(images[chosen], None if labels is None else labels[chosen])
            side_keys.append(keys[chosen])

    def splits(self) -> tuple[Split, Split]:
        """The training and the test split. The latter is empty if all images are the same."""
        train, test = (builder.split() for builder in self._sides)
        if bool(len(train.images)) == bool(len(test.images)):  # both have some, or there are none at all
            return train, test
        everything = train if len(train.images) else test
        keys = np.concatenate(self._keys[0] + self._keys[1])
        if keys.min() == keys.max():
            tested = np.zeros(len(keys), bool)
        elif everything is train:
            tested = keys == keys.min()
        else:
            tested = keys != keys.max()
        return _select(everything, ~tested), _select(everything, tested)

    def close(self) -> None:
        """Release the files; arrays that map them keep them open."""
        for builder in self._sides:
            builder.close()


def digests_of(images: np.ndarray) -> list[bytes]:
    """SHA-256 of each decoded image, uint8 `[n, height, width, channels]`."""
    return [hashlib.sha256(np.ascontiguousarray(image).data).digest() for image in images]


def collect(batches: Iterable[tuple[np.ndarray, np.ndarray | None]], shape: tuple[int, int, int]) -> Split:
    """A split from batches of prepared images and labels."""
    with contextlib.closing(SplitBuilder(shape)) as builder:
        for images, labels in batches:
            builder.add(images, labels)
        return builder.split()


def _select(split: Split, chosen: np.ndarray) -> Split:
    return Split(split.images[chosen], None if split.labels is None else split.labels[chosen])
