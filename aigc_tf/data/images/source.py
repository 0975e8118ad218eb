"""Sources of images."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import mmap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import tensorflow as tf

from aigc_tf.data.classes import ClassNames
from aigc_tf.data.order import Rows
from aigc_tf.data.source import NO_VALIDATION, Batch, PartName, Source, evenly, held_out_by_key, validation_keys
from aigc_tf.errors import listed
from aigc_tf.nn.augmentation import augment
from aigc_tf.recipes.augment import ClassicalAugmentation

CHUNK_IMAGES, CHUNK_NUMBERS = 500, 2**22  # processed together: few enough for a network's memory
VALIDATION_SPLIT = "{count:,} of the training images, by content hash"
OWN_VALIDATION = "the validation part that the data come with"
_CHUNK_BYTES = 2**24


class Subset:
    """Some rows of an array that may be memory-mapped, read on access."""

    def __init__(self, array: np.ndarray, rows: np.ndarray) -> None:
        self.array, self.rows = array, rows
        self.shape, self.dtype, self.ndim = (len(rows), *array.shape[1:]), array.dtype, array.ndim

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, key: Any) -> np.ndarray:
        first, *others = key if isinstance(key, tuple) else (key,)
        found = self.array[self.rows[first]]
        return found[(slice(None),) * (found.ndim == self.ndim) + tuple(others)] if others else found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.array[self.rows], dtype)


@dataclass(frozen=True, eq=False)
class Split:
    """Images for one purpose."""

    images: np.ndarray
    """uint8 `[count, height, width, channels]`; memory-mapped if it does not fit in memory."""
    labels: np.ndarray | None
    """int64 `[count]`, indices into `ImageSource.class_names`; None without labels."""
    keys: np.ndarray | None = None
    """uint64 `[count]`, the hashes that choose the validation part (`validation_keys`), if already known."""

    def some(self, count: int) -> Split:
        """`count` evenly spread images, or all if there are fewer: sources may be sorted by class."""
        return self if count >= len(self.images) else self.at(evenly(len(self.images), count))

    def at(self, rows: np.ndarray) -> Split:
        """The images at some positions, int64 `[count]`, read on access."""
        labels = None if self.labels is None else self.labels[rows]
        return Split(Subset(self.images, rows), labels)  # type: ignore[arg-type]  # reads like an array


def pieces_of(array: np.ndarray) -> Iterator[np.ndarray]:
    """The rows of an array in pieces of some megabytes; pages of mapped files do not stay in memory."""
    size = max(1, _CHUNK_BYTES // max(1, math.prod(array.shape[1:]) * array.dtype.itemsize))
    mapped = getattr(array.array if isinstance(array, Subset) else array, "_mmap", None)
    for start in range(0, len(array), size):
        yield array[start : start + size]
        if isinstance(mapped, mmap.mmap) and hasattr(mapped, "madvise"):  # not on Windows
            mapped.madvise(mmap.MADV_DONTNEED)


def keys_of(split: Split) -> np.ndarray:
    """The hashes that choose the validation part: uint64 `[count]`."""
    if split.keys is not None:
        return split.keys
    return validation_keys(image for chunk in pieces_of(split.images) for image in chunk)


def fingerprint_of(splits: Iterable[Split]) -> str:
    """SHA-256, in hexadecimal, over shapes, types and bytes of all images and labels."""
    digest = hashlib.sha256()
    for split in splits:
        for array in (split.images, split.labels):
            if array is None:
                digest.update(b"none;")
                continue
            digest.update(f"{array.shape} {array.dtype.str};".encode())
            for chunk in pieces_of(array):
                digest.update(np.ascontiguousarray(chunk).data.cast("B"))
    return digest.hexdigest()


@dataclass(frozen=True, eq=False, kw_only=True)
class ImageSource(Source):
    """Images in the form that a recipe requires."""

    surveyed_by: ClassVar[str] = "aigc_tf.data.images.overview:overview"

    dataset: str = ""
    """Identifier of the data set, shared by its parts; empty for the user's own data."""
    class_names: tuple[str, ...] | None
    augmentation: ClassicalAugmentation = field(default_factory=ClassicalAugmentation)
    """Random augmentation of training images."""
    labelled: bool = False
    """Whether batches contain labels."""
    uncut: Split | None = None
    """The training part including the validation part; None if none was split off."""

    train: Split
    validation: Split | None = None
    test: Split

    own_validation: Split | None = None
    """The source's own validation part, used instead of splitting one off."""
    known: tuple[str, tuple[Split, ...]] | None = None
    """A fingerprint computed earlier, and the parts that it covers."""

    @property
    def training(self) -> Split:
        """The training part including the validation part."""
        return self.uncut or self.train

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, over shapes, types and bytes of all images and labels."""
        own = () if self.own_validation is None else (self.own_validation,)
        parts = (self.training, self.test, *own)
        if self.known is not None and self.known[1] == parts:
            return self.known[0]
        return fingerprint_of(parts)

    @property
    def assets(self) -> dict[str, Any]:
        """`classes`, if it has labels."""
        classes = {} if self.class_names is None else {"classes": ClassNames(self.class_names)}
        return classes | super().assets

    @property
    def classes(self) -> str:
        """Number of classes and the first names; empty without classes."""
        names = self.class_names
        return "" if not names else f"{len(names):,} {'class' if len(names) == 1 else 'classes'} ({listed(names)})"

    @property
    def count(self) -> int:
        """Number of training images."""
        return len(self.train.images)

    @property
    def labels_of_examples(self) -> np.ndarray:
        """See `Source.labels_of_examples`."""
        return super().labels_of_examples if self.train.labels is None else self.train.labels

    @property
    def validation_split(self) -> str:
        """A description of the validation split."""
        if self.validation is None:
            return NO_VALIDATION
        if self.validation is self.own_validation:
            return OWN_VALIDATION
        return VALIDATION_SPLIT.format(count=len(self.validation.images))

    def validated(self) -> Self:
        """The same source with a validation part: its own, or the images with the smallest hashes, copies together."""
        if self.own_validation is not None:
            return dataclasses.replace(self, validation=self.own_validation)
        whole = self.training
        chosen = held_out_by_key(keys_of(whole))
        if not chosen.any():  # only a handful of equal images
            return self
        train, validation = (whole.at(np.flatnonzero(side)) for side in (~chosen, chosen))
        kept = Split(np.asarray(validation.images), validation.labels)
        return dataclasses.replace(self, train=train, validation=kept, uncut=whole)

    def describe(self) -> dict[str, Any]:
        """The description that a run records."""
        return {
            "training images": len(self.train.images),
            "validation images": 0 if self.validation is None else len(self.validation.images),
            "validation split": self.validation_split,
            "test images": len(self.test.images),
            "test split": self.test_split,
            "image shape": self.train.images.shape[1:],
            "classes": self.classes or None,
            "licence": self.licence,
        }

    def inputs(self, part: PartName, count: int) -> np.ndarray:
        """uint8 `[count, height, width, channels]`."""
        return np.asarray(self.part(part).some(count).images)

    def titles(self, part: PartName, count: int) -> list[str] | None:
        """Class names."""
        some = self.part(part).some(count)
        names = self.class_names
        return None if names is None or some.labels is None else [names[label] for label in some.labels]

    def shown(self, part: PartName, count: int) -> tuple[np.ndarray, list[str] | None]:
        """uint8 `[count, height, width, channels]`, with one image of each class in turn, and class names."""
        split = self.part(part)
        if self.class_names is None or split.labels is None:
            return self.inputs(part, count), None
        some = split.at(of_all_classes(split.labels, count))
        return np.asarray(some.images), [self.class_names[label] for label in some.labels]

    def held_out(self, part: PartName, count: int) -> Iterator[dict[str, np.ndarray]]:
        """Evenly spread: `image`, and `label` if the source is labelled, in the form of training batches."""
        split = self.part(part).some(count)
        for rows in chunks_of(split.images):
            batch = {"image": to_unit(split.images[rows])}
            yield batch | ({"label": split.labels[rows].astype(np.int32)} if self.labelled else {})

    def read(self, rows: Rows, seed: int) -> Batch:
        """`image`, float32 `[batch, height, width, channels]` in [-1, 1]; if the source is labelled `label`, int32."""
        images = self.train.images
        # With NumPy the same line reads memory and memory-mapped files; it is several hundred times faster than
        # training (`aigc_tf.data.throughput`).
        unit = tf.numpy_function(lambda at: to_unit(images[at]), [rows.examples], tf.float32, stateful=False)
        unit = tf.ensure_shape(unit, (rows.examples.shape[0], *images.shape[1:]))
        if self.augmentation.is_on:
            unit = augment(unit, self.augmentation, seed, rows.position)
        if not self.labelled:
            return {"image": unit}
        return {"image": unit, "label": tf.gather(tf.constant(self.train.labels, tf.int32), rows.examples)}


def of_all_classes(labels: np.ndarray, count: int) -> np.ndarray:
    """Rows of `count` labels, or all if there are fewer: one of each class in turn, or of evenly spread classes."""
    by_class = np.argsort(labels, kind="stable")
    classes, starts = np.unique(labels[by_class], return_index=True)
    turn = np.arange(len(labels)) - np.repeat(starts, np.diff([*starts, len(labels)]))
    rows = by_class[np.lexsort((labels[by_class], turn))]
    return rows[:count] if count > len(classes) else rows[evenly(len(classes), count)]


def chunks_of(images: np.ndarray) -> Iterator[slice]:
    """Slices of images `[count, height, width, channels]` to process together."""
    size = max(1, min(CHUNK_IMAGES, CHUNK_NUMBERS // math.prod(images.shape[1:])))
    for start in range(0, len(images), size):
        yield slice(start, start + size)


def to_unit(images_uint8: np.ndarray) -> np.ndarray:
    """The only normalisation: uint8 [0, 255] of any shape to float32 in [-1, 1]; 0 is -1 and 255 is 1."""
    return images_uint8.astype(np.float32) / np.float32(127.5) - np.float32(1)
