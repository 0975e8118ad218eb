"""What a classifier's answer comes from: attention, and integrated gradients."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from aigc_tf.families.text.classification.networks import ClassifierNetworks

STEPS = 32
"""Points of the path, at which the gradient is taken."""


class Attributions(NamedTuple):
    """How much each token of a text matters, float32 `[tokens]` each."""

    attention: np.ndarray
    """Not negative, and sums to 1."""
    gradients: np.ndarray
    """In logits; the sum is what the class's logit has more than for zero vectors, nearly."""


def attributions(networks: ClassifierNetworks, tokens: np.ndarray, label: int) -> Attributions:
    """Of one text.

    Integrated gradients (Sundararajan et al. 2017, eq. 3): what is looked up for each token goes from zero to its value
    in 32 steps; the mean gradient of the class's logit, times the value, is summed over each token's numbers.

    Args:
        networks: of the classifier.
        tokens: int32 `[tokens]`.
        label: number of the class that is explained.
    """
    row = tf.constant(tokens[None])
    _, attention = networks.sequence(row, training=False)
    values = [tf.convert_to_tensor(value) for value in tf.nest.flatten(networks.embed(row, training=False))]
    middles = (tf.range(STEPS, dtype=tf.float32) + 0.5) / STEPS
    path = [value * middles[:, None, None] for value in values]
    repeated = tf.repeat(row, STEPS, axis=0)
    with tf.GradientTape() as tape:
        tape.watch(path)
        logits = networks.judge([repeated, *path], training=False)[:, label]
    slopes = tape.gradient(logits, path)
    parts = [
        tf.reduce_sum(tf.reduce_mean(slope, axis=0) * value[0], axis=-1)
        for slope, value in zip(slopes, values, strict=True)
    ]
    return Attributions(attention.numpy()[0], tf.add_n(parts).numpy())
