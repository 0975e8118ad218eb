"""The value range of training images, and fingerprints of sources."""

from __future__ import annotations

import time

import numpy as np
import tensorflow as tf

from aigc_tf.data.images.opening import to_unit
from aigc_tf.data.images.source import Split, Subset
from aigc_tf.data.order import shuffled
from aigc_tf.data.throughput import images_per_second
from tests.sources import source_of


def test_values_span_the_unit_range_exactly_and_can_be_turned_back() -> None:
    levels = np.arange(256, dtype=np.uint8)
    unit = to_unit(levels)
    assert unit.dtype == np.float32
    assert unit.min() == -1 and unit.max() == 1
    np.testing.assert_array_equal(np.rint((unit + 1) * 127.5).astype(np.uint8), levels)
    np.testing.assert_allclose(np.diff(unit), 2 / 255, rtol=1e-4)


def test_batches_are_the_normalised_images(random: np.random.Generator) -> None:
    images = random.integers(0, 256, (10, 3, 5, 3), np.uint8)
    (batch,) = source_of(images).batches(10, seed=0).take(1).as_numpy_iterator()
    order = shuffled(tf.range(10, dtype=tf.int64), 10, seed=0).numpy()
    np.testing.assert_array_equal(batch["image"], to_unit(images)[order])
    spec = source_of(images).batches(4, seed=0).element_spec
    assert spec == {"image": tf.TensorSpec((4, 3, 5, 3), tf.float32)}


def test_fingerprint_changes_with_every_part(random: np.random.Generator) -> None:
    images = random.integers(0, 256, (6, 2, 4, 1), np.uint8)
    changed = images.copy()
    changed[3, 1, 1, 0] ^= 1
    labels = np.arange(6)
    variants = [
        source_of(images),
        source_of(changed),
        source_of(images.reshape(6, 4, 2, 1)),
        source_of(images[::-1]),
        source_of(images, labels),
        source_of(images, labels[::-1]),
        source_of(images, test=Split(images[:2], None)),
    ]
    assert len({variant.fingerprint for variant in variants}) == len(variants)
    renamed = {"name": "x", "dataset": "x", "class_names": ("a",), "test_split": "y", "licence": "z", "notes": ("n",)}
    again = source_of(images.copy(), **renamed)
    assert again.fingerprint == variants[0].fingerprint


def test_the_pipeline_is_far_faster_than_training(random: np.random.Generator) -> None:
    source = source_of(random.integers(0, 256, (2000, 28, 28, 1), np.uint8))
    # Training consumes 600 images per second of wall time; for the pipeline, CPU time of this process counts.
    assert images_per_second(source, 32, seconds=0.3, clock=time.process_time) > 20 * 600


def test_some_rows_of_an_array_read_like_an_array(random: np.random.Generator) -> None:
    array, rows = random.integers(0, 256, (20, 3, 4, 1), np.uint8), np.array([17, 2, 5, 11])
    subset, copy = Subset(array, rows), array[rows]
    assert subset.shape == copy.shape and subset.dtype == copy.dtype and len(subset) == 4 and subset.ndim == 4
    keys = [
        0,
        -1,
        slice(1, 3),
        np.array([3, 0]),
        (0, 1),
        (slice(None), 1),
        (np.array([1, 2]), slice(0, 2), 3),
        (2, 1, 3),
    ]
    for key in keys:
        np.testing.assert_array_equal(subset[key], copy[key])
    np.testing.assert_array_equal(np.asarray(subset), copy)
    np.testing.assert_array_equal(np.stack(list(subset)), copy)
