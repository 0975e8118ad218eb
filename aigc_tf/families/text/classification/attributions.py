"""Attributions of a text classifier: attention, and integrated gradients."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from aigc_tf.data.text.vocabulary import UNKNOWN
from aigc_tf.families.text.classification.networks import ClassifierNetworks

STEPS = 32
"""Points on the path at which the gradient is evaluated."""


def attention(networks: ClassifierNetworks, tokens: np.ndarray) -> np.ndarray:
    """Attention weight of each token int32 `[tokens]` of a text: float32 `[tokens]`, non-negative, sums to 1."""
    *_, found = networks.compiled(tf.constant(tokens[None]))
    weights: np.ndarray = found.numpy()[0]
    return weights


def integrated_gradients(networks: ClassifierNetworks, tokens: np.ndarray, label: int) -> np.ndarray:
    """Integrated gradients: each token's contribution to a class logit (Sundararajan et al. 2017, eq. 3).

    The embedding of each token goes from that of the unknown symbol to its own in 32 steps; the mean gradient of the
    class logit, times the difference, is summed over each token's features. The baseline is not zero, since a
    transformer's normalisation divides by the norm of a vector.

    Args:
        networks: of the classifier.
        tokens: int32 `[tokens]`.
        label: index of the class to explain.

    Returns:
        float32 `[tokens]`; the sum is approximately the logit minus that of a text of unknown symbols.
    """
    row = tf.constant(tokens[None])
    unknown = tf.constant(np.append(tokens[:1], np.full(len(tokens) - 1, UNKNOWN))[None].astype(np.int32))
    ends, starts = (networks.embed(which, training=False) for which in (row, unknown))
    ways = [end - start for end, start in zip(ends, starts, strict=True)]
    middles = ((tf.range(STEPS, dtype=tf.float32) + 0.5) / STEPS)[:, None, None]
    path = [start + way * middles for start, way in zip(starts, ways, strict=True)]
    slopes = networks.slopes(tf.repeat(row, STEPS, axis=0), path, tf.constant(label))
    parts = [
        tf.reduce_sum(tf.reduce_mean(slope, axis=0) * way[0], axis=-1) for slope, way in zip(slopes, ways, strict=True)
    ]
    found: np.ndarray = tf.add_n(parts).numpy()
    return found
