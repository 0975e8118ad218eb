"""Poisson sampling: each example is in each batch with the same probability, independently of all others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.images import opening as images
from aigc_tf.data.images.source import ALL, ImageSource, to_unit
from aigc_tf.privacy.accounting import Guarantee, guarantee

_PREFETCHED = 2
_LEVELS = 2**32  # of the numbers that decide


@dataclass(frozen=True, eq=False, kw_only=True)
class PoissonSource(ImageSource):
    """A source of images whose batches are drawn as the accountant of differential privacy supposes."""

    guarantee: Guarantee

    def training_batches(self, batch_size: int, seed: int, first_step: int = 0, rows: slice = ALL) -> tf.data.Dataset:
        """As `poisson_batches` draws them: float32 `[any, height, width, channels]` in [-1, 1] for each update."""
        images = self.train.images
        example = tf.TensorSpec(images.shape[1:], tf.float32)
        return poisson_batches(lambda chosen: to_unit(images[chosen]), example, self.guarantee, seed, first_step, rows)


def poisson_batches(
    read: Callable[[np.ndarray], np.ndarray],
    example: tf.TensorSpec,
    promise: Guarantee,
    seed: int,
    first_step: int,
    rows: slice,
) -> tf.data.Dataset:
    """The batches of each training step, without end, one for each noised update.

    Those of step t depend on (seed, t) alone. Their sizes vary around the expected batch; none is cut to a size,
    which the accountant would have to know about.

    Args:
        read: numbers of examples -> the examples.
        example: shape and type of one.
        promise: to how many examples, and how many are expected in a batch.
        seed: decides which they are.
        first_step: the step whose batches come first.
        rows: all of them; there is no equal share of a batch of any size.

    Returns:
        A tuple of batches `[any, ...]`, one for each update.
    """
    if rows != ALL:
        raise ValueError(f"rows is {rows}: batches of any size cannot be shared")
    updates = promise.updates_per_step

    def batch(update: tf.Tensor) -> tf.Tensor:
        chosen = drawn(update, promise.examples, promise.sampling_rate, seed)
        found = tf.numpy_function(read, [chosen], example.dtype, stateful=False)
        return tf.ensure_shape(found, (None, *example.shape))

    def batches(step: tf.Tensor) -> tuple[tf.Tensor, ...]:
        return tuple(batch(step * updates + index) for index in range(updates))

    return tf.data.Dataset.counter(start=first_step, dtype=tf.int64).map(batches).prefetch(_PREFETCHED)


def drawn(update: tf.Tensor, count: int, rate: float, seed: int) -> tf.Tensor:
    """Which of `count` examples are in the batch of an update: int64 `[any]`, ascending.

    Args:
        update: int64, counted from 0.
        count: of examples.
        rate: the probability of each, rounded to 2⁻³².
        seed: of all updates.
    """
    key = np.random.SeedSequence((seed, count)).generate_state(2, np.uint32)
    seeds = tf.stack([tf.constant(int(key[0]) << 32 | int(key[1]), tf.uint64), tf.cast(update, tf.uint64)])
    numbers = tf.random.stateless_uniform((count,), tf.bitcast(seeds, tf.int64), None, None, tf.uint32)
    limit = round(rate * _LEVELS)
    if limit >= _LEVELS:
        return tf.range(count, dtype=tf.int64)
    return tf.where(numbers < tf.constant(limit, tf.uint32))[:, 0]


def open_source(recipe: Any, data: Any = None) -> PoissonSource:
    """The images that a private recipe asks for; see `aigc_tf.data.images.opening.open_source`.

    Raises:
        InputError: the source or the data cannot be had or used, or the recipe's privacy cannot be.
    """
    source = images.open_source(recipe, data)
    return PoissonSource(**parts(source), guarantee=promised(recipe, len(source.train.images)))


def parts(source: Any) -> dict[str, Any]:
    """What a dataclass was made of, by name."""
    return {field.name: getattr(source, field.name) for field in fields(source)}


def promised(recipe: Any, examples: int) -> Guarantee:
    """What a private recipe promises to each of so many examples."""
    return guarantee(recipe.privacy, examples, recipe.batch_size, recipe.steps, recipe.updates_per_step)
