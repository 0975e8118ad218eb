"""The order of examples: the batch of a step is a pure function of (seed, step), so that runs resume exactly."""

from __future__ import annotations

import abc
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import tensorflow as tf

ALL = slice(None)
"""All rows of a batch."""

_LEVELS = 2**32  # resolution of the random numbers in Poisson sampling


class Rows(NamedTuple):
    """The examples of a batch."""

    examples: tf.Tensor
    """int64 `[batch]`: example numbers."""
    position: tf.Tensor
    """int64 `[]`: position of the first row in the endless sequence of epochs, which seeds augmentation."""
    continues: tf.Tensor
    """bool `[]`: whether the rows continue where those of the previous step ended."""


class Order(abc.ABC):
    """Step -> the examples of its batch."""

    @abc.abstractmethod
    def rows(self, step: tf.Tensor, chosen: slice = ALL) -> Rows:
        """The rows of a step's batch, with step int64 `[]`, or only the `chosen` ones."""


@dataclass(frozen=True)
class Shuffled(Order):
    """Each example once per epoch, with each epoch shuffled anew; an epoch may end inside a batch.

    Raises:
        ValueError: the batch size is not positive, or the seed is negative.
    """

    count: int
    """Examples per epoch."""
    batch_size: int
    seed: int

    def __post_init__(self) -> None:
        if self.batch_size < 1 or self.seed < 0:
            raise ValueError(f"batch_size {self.batch_size}, seed {self.seed}: expected 1 or more, and not negative")

    def rows(self, step: tf.Tensor, chosen: slice = ALL) -> Rows:
        """See `Order.rows`."""
        positions = (step * self.batch_size + tf.range(self.batch_size, dtype=tf.int64))[chosen]
        return Rows(shuffled(positions, self.count, self.seed), positions[0], tf.constant(False))


@dataclass(frozen=True)
class Tabulated(Order):
    """An order computed by NumPy."""

    batch_size: int
    batch_of: Callable[[int], tuple[np.ndarray, np.bool_]]
    """Step -> example numbers, int64 `[batch]`, and whether they continue from those of the previous step."""

    def rows(self, step: tf.Tensor, chosen: slice = ALL) -> Rows:
        """See `Order.rows`."""
        examples, continues = tf.numpy_function(self.batch_of, [step], (tf.int64, tf.bool), stateful=False)
        examples = tf.ensure_shape(examples, (self.batch_size,))[chosen]
        return Rows(examples, step * self.batch_size, tf.ensure_shape(continues, ()))


@dataclass(frozen=True)
class Poisson:
    """Poisson sampling for differential privacy: each example is in each batch with the same probability."""

    rate: float
    """The probability, rounded to 2⁻³²."""
    batches_in_step: int
    """One for each noisy update."""


@dataclass(frozen=True)
class PoissonSampled(Order):
    """Each example is in each batch with the same probability, independently of all others (Poisson sampling).

    Batch sizes vary around the expected one; batches are not truncated, which the accountant would have to account for.
    """

    count: int
    rate: float
    seed: int

    @cached_property
    def _key(self) -> np.ndarray:
        return np.random.SeedSequence((self.seed, self.count)).generate_state(2, np.uint32)

    def rows(self, step: tf.Tensor, chosen: slice = ALL) -> Rows:
        """See `Order.rows`; example numbers ascend. Batches of varying size cannot be divided equally."""
        if chosen != ALL:
            raise ValueError(f"rows is {chosen}: batches of varying size cannot be divided")
        return Rows(self.drawn(step), step, tf.constant(False))

    def drawn(self, step: tf.Tensor) -> tf.Tensor:
        """Example numbers, int64 `[any]`, ascending."""
        limit = round(self.rate * _LEVELS)
        if limit >= _LEVELS:
            return tf.range(self.count, dtype=tf.int64)
        seeds = tf.stack(
            [tf.constant(int(self._key[0]) << 32 | int(self._key[1]), tf.uint64), tf.cast(step, tf.uint64)]
        )
        numbers = tf.random.stateless_uniform((self.count,), tf.bitcast(seeds, tf.int64), None, None, tf.uint32)
        return tf.where(numbers < tf.constant(limit, tf.uint32))[:, 0]


def shuffled(positions: tf.Tensor, count: int, seed: int) -> tf.Tensor:
    """Which of `count` examples is at each position of an endless sequence of shuffled epochs.

    Args:
        positions: int64 `[n]`, not negative; epoch e covers positions `e * count` to `(e + 1) * count - 1`.
        count: examples per epoch.
        seed: determines the order; each epoch derives its own seed from it.

    Returns:
        int64 `[n]` in [0, count).
    """
    key = np.random.SeedSequence(seed).generate_state(2, np.uint32)  # a seed of any size, spread over 64 bits
    epochs = tf.cast(positions // count, tf.uint32)
    seeds = tf.stack([tf.fill(tf.shape(epochs), key[0]), tf.fill(tf.shape(epochs), key[1]), epochs], axis=-1)
    # The raw op behind tf.random.experimental.index_shuffle: that wrapper (TensorFlow 2.21) pads the wrong axis of a
    # matrix of seeds, and a batch can span two epochs.
    return tf.raw_ops.RandomIndexShuffle(
        index=positions % count, seed=seeds, max_index=tf.constant(count - 1, tf.int64), rounds=4
    )
