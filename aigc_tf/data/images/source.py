"""What a source of images is, and how training reads it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.nn.augmentation import augment
from aigc_tf.recipes.augment import ClassicalAugmentation

# Batches that are prepared while the model trains on earlier ones.
_PREFETCHED = 4

ALL = slice(None)
"""Rows of a batch."""


@dataclass(frozen=True, eq=False)
class Split:
    """Examples for one purpose."""

    images: np.ndarray
    """uint8 `[count, height, width, channels]`; memory-mapped when it is too large for the memory."""
    labels: np.ndarray | None
    """int64 `[count]`, positions in `ImageSource.class_names`; None without labels."""

    def some(self, count: int) -> Split:
        """At most `count` of them, evenly spaced: sources may be sorted by class."""
        every = slice(None, None, max(1, -(-len(self.images) // count)))
        return Split(self.images[every], None if self.labels is None else self.labels[every])


@dataclass(frozen=True, eq=False)
class ImageSource:
    """Images in the form that a recipe asked for, split for training and testing."""

    name: str
    """What names it again as a recipe's `source`."""
    dataset: str
    """The data set's identity, which parts of it share; empty for the user's own data."""
    train: Split
    test: Split
    class_names: tuple[str, ...] | None
    test_split: str
    """How the test split came about, for protocols."""
    licence: str
    """Licence and attribution."""
    notes: tuple[str, ...]
    """Lines that the user should see once."""
    augmentation: ClassicalAugmentation = field(default_factory=ClassicalAugmentation)
    """What training images suffer, anew in every epoch."""

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, over shapes, types and bytes of all images and labels."""
        digest = hashlib.sha256()
        for split in (self.train, self.test):
            for array in (split.images, split.labels):
                if array is None:
                    digest.update(b"none;")
                    continue
                digest.update(f"{array.shape} {array.dtype.str};".encode())
                if array.size:
                    digest.update(np.ascontiguousarray(array).data.cast("B"))
        return digest.hexdigest()

    def describe(self) -> dict[str, Any]:
        """What a run records of its source."""
        return {
            "training images": len(self.train.images),
            "test images": len(self.test.images),
            "test split": self.test_split,
            "image shape": self.train.images.shape[1:],
            "classes": len(self.class_names) if self.class_names else None,
            "licence": self.licence,
        }

    def training_batches(self, batch_size: int, seed: int, first_step: int = 0, rows: slice = ALL) -> tf.data.Dataset:
        """Batches of training images without end, each image once in an epoch, in an order of its own.

        The batch of step t, with what augmentation makes of it, depends on (seed, t) alone, so a run that starts
        again at step t reads on where it stopped. An epoch may end inside a batch; the next one begins there.

        Args:
            batch_size: images in a batch.
            seed: decides the order, epoch by epoch, and the augmentation.
            first_step: the step whose batch comes first.
            rows: of each batch, those that are given; all by default.

        Returns:
            float32 `[batch, height, width, channels]` in [-1, 1].

        Raises:
            ValueError: `batch_size` is not positive, or `seed` or `first_step` is negative.
        """
        if batch_size < 1 or seed < 0 or first_step < 0:
            raise ValueError(
                f"batch_size {batch_size}, seed {seed}, first_step {first_step}: "
                "expected a positive batch_size, and neither seed nor first_step negative"
            )
        images = self.train.images

        def read(indices: np.ndarray) -> np.ndarray:
            return to_unit(images[indices])

        def batch(step: tf.Tensor) -> tf.Tensor:
            positions = (step * batch_size + tf.range(batch_size, dtype=tf.int64))[rows]  # [batch]
            indices = shuffled(positions, len(images), seed)  # [batch]
            # Through NumPy, memory and memory-mapped files are read by the same line; it is several hundred
            # times faster than training (`aigc_tf.data.throughput`).
            unit = tf.numpy_function(read, [indices], tf.float32, stateful=False)
            unit = tf.ensure_shape(unit, (positions.shape[0], *images.shape[1:]))
            return augment(unit, self.augmentation, seed, positions[0]) if self.augmentation.is_on else unit

        steps = tf.data.Dataset.counter(start=first_step, dtype=tf.int64)
        return steps.map(batch).prefetch(_PREFETCHED)


def shuffled(positions: tf.Tensor, count: int, seed: int) -> tf.Tensor:
    """Which of `count` examples stands at each position of an endless sequence of shuffled epochs.

    Args:
        positions: int64 `[n]`, not negative; epoch e covers positions `e * count` to `(e + 1) * count - 1`.
        count: examples in an epoch.
        seed: decides the order; each epoch derives its own from it.

    Returns:
        int64 `[n]` in [0, count).
    """
    key = np.random.SeedSequence(seed).generate_state(2, np.uint32)  # any size of seed, spread over 64 bits
    epochs = tf.cast(positions // count, tf.uint32)
    seeds = tf.stack([tf.fill(tf.shape(epochs), key[0]), tf.fill(tf.shape(epochs), key[1]), epochs], axis=-1)
    # The raw op behind tf.random.experimental.index_shuffle: that wrapper (TensorFlow 2.21) pads the wrong axis
    # of a matrix of seeds, and a batch can lie in two epochs.
    return tf.raw_ops.RandomIndexShuffle(
        index=positions % count, seed=seeds, max_index=tf.constant(count - 1, tf.int64), rounds=4
    )


def to_unit(images_uint8: np.ndarray) -> np.ndarray:
    """The one normalisation: uint8 [0, 255] of any shape to float32 in [-1, 1]; 0 is -1 and 255 is 1."""
    return images_uint8.astype(np.float32) / np.float32(127.5) - np.float32(1)
