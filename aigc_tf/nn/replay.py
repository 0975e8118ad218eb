"""A replay buffer of recent generated examples, kept in variables so that a checkpoint holds them."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.nn import replicas


class ReplayBuffer(keras.layers.Layer):
    """Keeps the latest `capacity` examples and returns random ones of them.

    Args:
        capacity: how many; the oldest go first.
        inputs: of the network that judges the examples: the shapes `[batch, ...]` and types of their parts.
        seed: of the choice.
    """

    def __init__(self, capacity: int, inputs: Sequence[keras.KerasTensor], seed: int) -> None:
        super().__init__(name="replay")
        self.capacity = capacity
        self.parts = [
            self.add_weight(
                (capacity, *part.shape[1:]), "zeros", dtype=part.dtype, trainable=False, name=f"replay_{part.name}"
            )
            for part in inputs
        ]
        self.seen = self.add_weight((), "zeros", dtype="int64", trainable=False, name="replay_seen")
        self.seed_generator = keras.random.SeedGenerator(seed, name="replay_seed")
        self.built = True

    def exchange(self, examples: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Store examples and return as many, each drawn from the whole buffer including the new ones.

        Args:
            examples: their parts, `[count, ...]` each; over all replicas, at most the capacity.
        """
        count = examples[0].shape[0]
        examples = replicas.gathered(list(examples))
        places = (self.seen.value + tf.range(replicas.count() * count, dtype=tf.int64)) % self.capacity
        self.seen.assign_add(replicas.count() * count)
        for part, new in zip(self.parts, examples, strict=True):
            part.value.scatter_update(tf.IndexedSlices(new, places))
        filled = ops.minimum(self.seen.value, self.capacity)
        share = keras.random.uniform((count,), seed=self.seed_generator)
        chosen = ops.cast(share * ops.cast(filled, "float32"), "int64")
        return [tf.gather(part.value, ops.minimum(chosen, filled - 1)) for part in self.parts]
