"""Which examples stand in the batch of a step: pure functions of (seed, step), so that a run resumes exactly."""

from __future__ import annotations

import abc
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import tensorflow as tf

ALL = slice(None)
"""Every row of a batch."""

_LEVELS = 2**32  # of the random numbers that decide in Poisson sampling


class Rows(NamedTuple):
    """What stands in a batch."""

    examples: tf.Tensor
    """int64 `[batch]`: numbers of examples."""
    position: tf.Tensor
    """int64 `[]`: of the first row in the endless sequence of epochs; augmentation draws by it."""
    continues: tf.Tensor
    """bool `[]`: whether the rows go on where those of the step before ended."""


class Order(abc.ABC):
    """Step -> the examples of its batch."""

    @abc.abstractmethod
    def rows(self, step: tf.Tensor, chosen: slice = ALL) -> Rows:
        """What stands in the batch of a step, int64 `[]`, or in the `chosen` rows of it."""


@dataclass(frozen=True)
class Shuffled(Order):
    """Each example once in an epoch, each epoch in an order of its own; an epoch may end inside a batch.

    Raises:
        ValueError: the batch is not positive, or the seed is negative.
    """

    count: int
    """Examples in an epoch."""
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
    """An order that NumPy works out."""

    batch_size: int
    batch_of: Callable[[int], tuple[np.ndarray, np.bool_]]
    """Step -> numbers of examples, int64 `[batch]`, and whether they go on from those of the step before."""

    def rows(self, step: tf.Tensor, chosen: slice = ALL) -> Rows:
        """See `Order.rows`."""
        examples, continues = tf.numpy_function(self.batch_of, [step], (tf.int64, tf.bool), stateful=False)
        examples = tf.ensure_shape(examples, (self.batch_size,))[chosen]
        return Rows(examples, step * self.batch_size, tf.ensure_shape(continues, ()))


@dataclass(frozen=True)
class Poisson:
    """How batches are drawn for differential privacy: each example is in each with the same probability."""

    rate: float
    """The probability, rounded to 2⁻³²."""
    batches_in_step: int
    """One for each noised update."""


@dataclass(frozen=True)
class PoissonSampled(Order):
    """Each example is in each batch with the same probability, independently of all others (Poisson sampling).

    Sizes vary around the expected batch; none is cut to a size, which the accountant would have to know about.
    """

    count: int
    rate: float
    seed: int

    @cached_property
    def _key(self) -> np.ndarray:
        return np.random.SeedSequence((self.seed, self.count)).generate_state(2, np.uint32)

    def rows(self, step: tf.Tensor, chosen: slice = ALL) -> Rows:
        """See `Order.rows`; the examples ascend, and there is no equal share of a batch of any size."""
        if chosen != ALL:
            raise ValueError(f"rows is {chosen}: batches of any size cannot be shared")
        return Rows(self.drawn(step), step, tf.constant(False))

    def drawn(self, step: tf.Tensor) -> tf.Tensor:
        """Numbers of the examples, int64 `[any]`, ascending."""
        limit = round(self.rate * _LEVELS)
        if limit >= _LEVELS:
            return tf.range(self.count, dtype=tf.int64)
        seeds = tf.stack(
            [tf.constant(int(self._key[0]) << 32 | int(self._key[1]), tf.uint64), tf.cast(step, tf.uint64)]
        )
        numbers = tf.random.stateless_uniform((self.count,), tf.bitcast(seeds, tf.int64), None, None, tf.uint32)
        return tf.where(numbers < tf.constant(limit, tf.uint32))[:, 0]


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
