"""Images given as arrays: validated, converted to the recipe's form and split."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.images.near_duplicates import QUICKLY, near_duplicates, note_on
from aigc_tf.data.images.prepare import prepare_arrays
from aigc_tf.data.images.source import ImageSource, Split
from aigc_tf.data.images.splits import HoldOut, collect, digests_of
from aigc_tf.data.progress import progress
from aigc_tf.data.source import GIVEN, HELD_OUT
from aigc_tf.errors import InputError
from aigc_tf.recipes.images import ImageSettings

Batch = tuple[np.ndarray, np.ndarray | None]  # images as the user has them, labels

_EXPECTED = (
    "expected uint8 in [0, 255] or float in [0, 1] of shape [count, height, width] or [count, height, width, 1 or 3]"
)
_CHUNK_BYTES = 2**24  # arrays are processed in chunks, to need little extra memory


def open_data(data: Any, settings: ImageSettings) -> ImageSource:
    """Open images given from Python.

    Args:
        data: an array (NumPy's or TensorFlow's) as `_EXPECTED` says, a pair (images, labels) of arrays, with labels as
            integers or names, or a finite `tf.data.Dataset` of such images or of (image, label), batched or not.

    Raises:
        InputError: it is none of these, infinite or empty.
    """
    if isinstance(data, tf.data.Dataset):
        return _open_dataset(data, settings)
    images, labels = data if isinstance(data, tuple | list) and len(data) == 2 else (data, None)
    if tf.is_tensor(images):
        images = np.asarray(images)
    if not isinstance(images, np.ndarray):
        raise InputError(
            f"data is a {type(data).__name__}: expected images, a pair (images, labels) or a tf.data.Dataset"
        )
    check_images(images, "data")
    if labels is None:
        train, test = hold_out(in_chunks(images, None), settings)
        return own_source(GIVEN, train, test, None, HELD_OUT)
    labels = checked_labels(np.asarray(labels), len(images), "data", names=True)
    (numbers,), class_names = number_classes([labels])
    train, test = hold_out(in_chunks(images, numbers), settings)
    return own_source(GIVEN, train, test, class_names, HELD_OUT)


def hold_out(batches: Iterable[Batch], settings: ImageSettings) -> tuple[Split, Split]:
    """Split batches of validated images into a training and a test part."""
    with contextlib.closing(HoldOut(settings.shape)) as examples:
        for images, labels in batches:
            levels = _as_uint8(images)
            examples.add(prepare_arrays(levels, settings), digests_of(levels), labels)
        return examples.splits()


def prepared_split(batches: Iterable[Batch], settings: ImageSettings) -> Split:
    """A split from batches of validated images."""
    return collect(
        ((prepare_arrays(_as_uint8(images), settings), labels) for images, labels in batches), settings.shape
    )


def in_chunks(images: np.ndarray, labels: np.ndarray | None) -> Iterator[Batch]:
    """An array in chunks of some megabytes."""
    size = max(1, _CHUNK_BYTES // images[0].nbytes)
    for start in range(0, len(images), size):
        yield images[start : start + size], None if labels is None else labels[start : start + size]


def batches_of(dataset: tf.data.Dataset, what: str, total: int | None = None) -> Iterator[Batch]:
    """Validated batches of a finite `tf.data.Dataset`.

    Args:
        dataset: of images or (image, label); its element spec tells whether they are batched.
        what: its name in messages.
        total: its number of elements, for the progress bar.

    Raises:
        InputError: its elements are neither.
    """
    spec = dataset.element_spec
    labelled = isinstance(spec, tuple) and len(spec) == 2
    image_spec = spec[0] if labelled else spec
    if not isinstance(image_spec, tf.TensorSpec) or (labelled and not isinstance(spec[1], tf.TensorSpec)):
        raise InputError(f"{what} has elements {spec}: map them to an image or to (image, label)")
    shape = image_spec.shape
    if shape.rank not in (2, 3, 4) or (shape.rank == 3 and shape[-1] is None):
        raise InputError(f"{what} has images of shape {shape}: set their shape, [height, width, 1 or 3]")
    batched = shape.rank == 4 or (shape.rank == 3 and shape[-1] not in (1, 3))
    for element in progress(dataset.as_numpy_iterator(), total, "reading images"):
        images, labels = element if labelled else (element, None)
        if not batched:
            images, labels = images[np.newaxis], None if labels is None else np.asarray(labels)[np.newaxis]
        elif not len(images):
            continue
        check_images(images, what)
        yield images, None if labels is None else checked_labels(labels, len(images), what)


def _open_dataset(dataset: tf.data.Dataset, settings: ImageSettings) -> ImageSource:
    count = int(dataset.cardinality())
    if count == tf.data.INFINITE_CARDINALITY:
        raise InputError("data is a tf.data.Dataset without end: remove repeat(), or say how many with take(count)")
    if count == tf.data.UNKNOWN_CARDINALITY:
        raise InputError(
            "data is a tf.data.Dataset of unknown length, which may have no end: "
            "state it with data.apply(tf.data.experimental.assert_cardinality(count))"
        )
    train, test = hold_out(batches_of(dataset, GIVEN, count), settings)
    if not len(train.images):
        raise InputError("data is an empty tf.data.Dataset")
    sides = [split.labels for split in (train, test) if split.labels is not None]
    numbered, class_names = number_classes(sides)
    if numbered:
        train, test = (Split(split.images, labels) for split, labels in zip((train, test), numbered, strict=True))
    return own_source(GIVEN, train, test, class_names, HELD_OUT)


def own_source(
    name: str,
    train: Split,
    test: Split,
    class_names: tuple[str, ...] | None,
    test_split: str,
    notes: tuple[str, ...] = (),
) -> ImageSource:
    """A source of the user's own images."""
    return ImageSource(
        name=name,
        train=train,
        test=test,
        class_names=class_names,
        test_split=test_split,
        licence="the user's own",
        notes=(*notes, *note_on(near_duplicates(train.images, test.images, QUICKLY))),
    )


def check_images(images: np.ndarray, what: str) -> None:
    """Raise InputError if images are not as `_EXPECTED`, saying what was found."""
    found = f"{what} is {images.dtype} of shape {list(images.shape)}"
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[-1] not in (1, 3)):
        raise InputError(f"{found}: {_EXPECTED}")
    if not images.size:
        raise InputError(f"{found}: it is empty")
    if images.ndim == 3 and images.shape[-1] in (1, 3):
        raise InputError(
            f"{found}, which may be one image of {images.shape[-1]} channels or {len(images)} of one: add an axis, in "
            "front of the others ([np.newaxis]) for one image, behind them ([..., np.newaxis]) for several"
        )
    if images.dtype == np.uint8:
        return
    if images.dtype.kind != "f":
        raise InputError(f"{found}: {_EXPECTED}")
    low, high = float(images.min()), float(images.max())
    if np.isnan(low) or np.isnan(high):
        raise InputError(f"{found} and holds NaN: {_EXPECTED}")
    if low < 0 or high > 1:
        raise InputError(f"{found} with values from {low:.9g} to {high:.9g}: {_EXPECTED}")


def _as_uint8(images: np.ndarray) -> np.ndarray:
    """Validated images as uint8 `[count, height, width, 1 or 3]`; floats are rounded to the nearest level."""
    if images.dtype != np.uint8:
        images = np.rint(images.astype(np.float32) * np.float32(255)).astype(np.uint8)
    return images if images.ndim == 4 else images[..., np.newaxis]


def checked_labels(labels: np.ndarray, count: int, what: str, names: bool = False) -> np.ndarray:
    """Validate labels: integers, or names if allowed, `[count]`; Keras has them as `[count, 1]`."""
    if labels.dtype.kind not in ("iuU" if names else "iu") or labels.shape not in ((count,), (count, 1)):
        raise InputError(
            f"{what} has labels that are {labels.dtype} of shape {list(labels.shape)}: "
            f"expected {count} integers{' or names' if names else ''}, one for each image"
        )
    return labels.reshape(count)


def number_classes(labels: list[np.ndarray]) -> tuple[list[np.ndarray], tuple[str, ...] | None]:
    """Number the labels of several splits by their position in the sorted list of values, and return that list."""
    if not labels:
        return [], None
    values, positions = np.unique(np.concatenate(labels), return_inverse=True)
    ends = np.cumsum([len(part) for part in labels])[:-1]
    return np.split(positions.reshape(-1).astype(np.int64), ends), tuple(str(value) for value in values)
