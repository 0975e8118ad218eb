"""Attacks: inputs moved by at most ε so that a loss rises; with gradients, or with answers alone."""

from __future__ import annotations

import math
from typing import Literal

import keras
import numpy as np
import tensorflow as tf

Norm = Literal["linf", "l2"]
STEP_FACTOR = 2.5
"""A step of PGD is this times ε over the number of steps, so that the far side of the ball can be reached."""
SQUARE_SHARE = 0.05
"""Of the pixels, that the first squares of the square attack cover."""
SQUARE_HALVINGS = (0.001, 0.005, 0.02, 0.1, 0.2, 0.4, 0.6, 0.8)
"""Shares of the queries after which they cover half as much (Andriushchenko et al. 2020, §4.1)."""


class Loss:
    """What an attacker raises.

    Args:
        network: inputs `[batch, ...]` -> logits `[batch, classes]`, or scores `[batch, 1]`.
        has_classes: whether these are logits; then the targets are the true classes, int `[batch]`, and the loss is the
            cross-entropy. Otherwise targets are 1 and -1, float `[batch]`, and the loss is the score times that.
    """

    def __init__(self, network: keras.Model, has_classes: bool) -> None:
        self.network, self.has_classes = network, has_classes
        self.values = tf.function(self._values, reduce_retracing=True)
        self.slopes = tf.function(self._slopes, reduce_retracing=True)

    def _values(self, inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """`[batch]`."""
        outputs = self.network(inputs, training=False)
        if self.has_classes:
            return tf.nn.sparse_softmax_cross_entropy_with_logits(targets, outputs)
        return outputs[:, 0] * targets

    def _slopes(self, inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """The gradient by the inputs, of their shape."""
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            total = tf.reduce_sum(self._values(inputs, targets))
        return tape.gradient(total, inputs)


def fgsm(loss: Loss, inputs: tf.Tensor, targets: tf.Tensor, epsilon: float, norm: Norm = "linf") -> tf.Tensor:
    """The fast gradient sign method (Goodfellow et al. 2015, §4); in L2 a step along the gradient itself.

    Args:
        loss: that rises.
        inputs: float32 `[batch, ...]` in [0, 1].
        targets: as `loss` takes them.
        epsilon: how far inputs are moved, in each number or in Euclidean length.
        norm: that ε is of.

    Returns:
        Inputs in [0, 1], no further than ε from the given ones.
    """
    return tf.clip_by_value(inputs + epsilon * unit(loss.slopes(inputs, targets), norm), 0.0, 1.0)


def pgd(
    loss: Loss,
    inputs: tf.Tensor,
    targets: tf.Tensor,
    epsilon: float,
    steps: int,
    norm: Norm = "linf",
    restarts: int = 1,
    seed: int = 0,
) -> tf.Tensor:
    """Projected gradient descent (Madry et al. 2018, §2.1), from random starts in the ball; the best end is kept.

    Args:
        loss: as for `fgsm`, and the next three arguments.
        inputs: see there.
        targets: see there.
        epsilon: see there.
        steps: of each start.
        norm: that ε is of.
        restarts: starts.
        seed: of the starts.
    """
    random = np.random.default_rng(seed)
    best, highest = inputs, loss.values(inputs, targets)
    for _ in range(restarts):
        found = tf.clip_by_value(inputs + start(tuple(inputs.shape), epsilon, norm, random), 0.0, 1.0)
        for _ in range(steps):
            found += STEP_FACTOR * epsilon / steps * unit(loss.slopes(found, targets), norm)
            found = tf.clip_by_value(inputs + within(found - inputs, epsilon, norm), 0.0, 1.0)
        reached = loss.values(found, targets)
        best = tf.where(_as_rows(reached > highest, inputs), found, best)
        highest = tf.maximum(reached, highest)
    return best


def square(loss: Loss, inputs: tf.Tensor, targets: tf.Tensor, epsilon: float, queries: int, seed: int = 0) -> tf.Tensor:
    """The square attack in L∞ (Andriushchenko et al. 2020, algorithms 1 and 2), which sees losses alone.

    It begins with stripes, and keeps a square of ±ε wherever that raises the loss.

    Args:
        loss: as for `fgsm`, and the next three arguments.
        inputs: pictures float32 `[batch, height, width, channels]` in [0, 1].
        targets: see there.
        epsilon: see there.
        queries: how often the loss is asked for.
        seed: of stripes and squares.
    """
    random = np.random.default_rng(seed)
    given = np.asarray(inputs)
    batch, height, width, channels = given.shape

    def signs(*shape: int) -> np.ndarray:
        return np.float32(epsilon) * random.choice(np.array([-1, 1], np.float32), shape)

    best = np.clip(given + signs(batch, 1, width, channels), 0, 1)
    highest = loss.values(tf.constant(best), targets).numpy()
    for query in range(1, queries):
        halvings = sum(query >= share * queries for share in SQUARE_HALVINGS)
        side = max(1, min(round(math.sqrt(SQUARE_SHARE / 2**halvings * height * width)), height, width))
        tops, lefts = (random.integers(0, whole - side + 1, batch) for whole in (height, width))
        rows, columns = (starts[:, None] + np.arange(side) for starts in (tops, lefts))
        window = (np.arange(batch)[:, None, None], rows[:, :, None], columns[:, None, :])
        tried = best.copy()
        tried[window] = np.clip(given[window] + signs(batch, 1, 1, channels), 0, 1)
        reached = loss.values(tf.constant(tried), targets).numpy()
        better = reached > highest
        best[better], highest[better] = tried[better], reached[better]
    return tf.constant(best)


def unit(slopes: tf.Tensor, norm: Norm) -> tf.Tensor:
    """The step of length 1 that raises a linear loss most: signs in L∞, the direction itself in L2."""
    return tf.sign(slopes) if norm == "linf" else slopes / tf.maximum(_lengths(slopes), 1e-30)


def within(moves: tf.Tensor, epsilon: float, norm: Norm) -> tf.Tensor:
    """The nearest moves that are no longer than ε."""
    if norm == "linf":
        return tf.clip_by_value(moves, -epsilon, epsilon)
    return moves * tf.minimum(1.0, epsilon / tf.maximum(_lengths(moves), 1e-30))


def start(shape: tuple[int, ...], epsilon: float, norm: Norm, random: np.random.Generator) -> np.ndarray:
    """Moves spread evenly over the ball of radius ε: float32 of a shape `[batch, ...]`."""
    if norm == "linf":
        return random.uniform(-epsilon, epsilon, shape).astype(np.float32)
    normal = random.standard_normal(shape)
    lengths = np.sqrt((normal**2).sum(axis=tuple(range(1, len(shape))), keepdims=True))
    radii = epsilon * random.random((shape[0], *(1 for _ in shape[1:]))) ** (1 / math.prod(shape[1:]))
    return (normal / lengths * radii).astype(np.float32)


def _lengths(moves: tf.Tensor) -> tf.Tensor:
    """Euclidean, `[batch, 1, ...]`."""
    return tf.sqrt(tf.reduce_sum(tf.square(moves), axis=range(1, len(moves.shape)), keepdims=True))


def _as_rows(values: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """`[batch]` -> `[batch, 1, ...]`."""
    return tf.reshape(values, (-1, *(1 for _ in like.shape[1:])))
