"""What a training step says to the same step on other devices; alone, every function gives back what it is given.

Each replica of a step has its share of the batch and the same variables. Losses are means over the examples of a
replica, so the loss of the whole batch is their mean, and what is not linear in such means has to be told of the whole
batch. Gradients flow through all of this.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from aigc_tf.errors import InputError


def count() -> int:
    """How many replicas share a batch."""
    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def mean(values: Any) -> Any:
    """Means over the replicas, of a tensor or a list of tensors; the same bits on each."""
    return _reduced(tf.distribute.ReduceOp.MEAN, values)


def total(values: Any) -> Any:
    """Sums over the replicas, of a tensor or a list of tensors; the same bits on each."""
    return _reduced(tf.distribute.ReduceOp.SUM, values)


def _reduced(operation: tf.distribute.ReduceOp, values: Any) -> Any:
    return values if count() == 1 else tf.distribute.get_replica_context().all_reduce(operation, values)


def gathered(values: Any) -> Any:
    """The rows of all replicas, in their order, of a tensor or a list of tensors."""
    return values if count() == 1 else tf.distribute.get_replica_context().all_gather(values, axis=0)


def own_rows(values: tf.Tensor) -> tf.Tensor:
    """The rows of this replica out of those of all, the inverse of `gathered`."""
    if count() == 1:
        return values
    own = tf.distribute.get_replica_context().replica_id_in_sync_group
    return tf.reshape(values, (count(), -1, *values.shape[1:]))[own]


def share_of(number: int, what: str) -> int:
    """How many of a number of examples belong to each replica.

    Args:
        number: of examples in the whole batch.
        what: names it in the message.

    Raises:
        InputError: it cannot be shared equally.
    """
    if number % count():
        raise InputError(f"{what} is {number}: {count()} replicas cannot share that equally, choose a multiple")
    return number // count()
