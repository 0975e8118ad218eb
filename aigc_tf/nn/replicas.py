"""Communication between replicas in a training step; with a single replica, every function is the identity.

Each replica has its share of the batch and the same variables. Losses are means over the examples of a replica, so the
loss of the whole batch is their mean; whatever is not linear in such means needs the whole batch. Gradients flow
through all of these functions.
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
    """Concatenate the rows of all replicas, in order, of a tensor or a list of tensors."""
    return values if count() == 1 else tf.distribute.get_replica_context().all_gather(values, axis=0)


def own_rows(values: tf.Tensor) -> tf.Tensor:
    """This replica's rows out of those of all: the inverse of `gathered`."""
    if count() == 1:
        return values
    own = tf.distribute.get_replica_context().replica_id_in_sync_group
    return tf.reshape(values, (count(), -1, *values.shape[1:]))[own]


def share_of(number: int, what: str) -> int:
    """The number of examples per replica.

    Args:
        number: examples in the whole batch.
        what: names it in the message.

    Raises:
        InputError: it cannot be shared equally.
    """
    if number % count():
        raise InputError(f"{what} is {number}: {count()} replicas cannot share that equally, choose a multiple")
    return number // count()
