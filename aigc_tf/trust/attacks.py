"""Adversarial attacks within an ε-ball: white-box with gradients, black-box with queries only."""

from __future__ import annotations

import math
from typing import Literal

import keras
import numpy as np
import tensorflow as tf

Norm = Literal["linf", "l2"]
STEP_FACTOR = 2.5
"""The step size of PGD is this times ε over the number of steps, so that the far side of the ball can be reached."""
SQUARE_SHARE = 0.05
"""Share of the pixels that the first squares of the square attack cover."""
SQUARE_HALVINGS = (0.001, 0.005, 0.02, 0.1, 0.2, 0.4, 0.6, 0.8)
"""Shares of the queries after which the squares' area is halved (Andriushchenko et al. 2020, §4.1)."""


class Loss:
    """The loss that an attacker maximises.

    Args:
        network: inputs `[batch, ...]` -> logits `[batch, classes]`, or scores `[batch, 1]`.
        has_classes: whether these are logits; then the targets are the true classes, int `[batch]`, and the loss is
            cross-entropy. Otherwise targets are 1 and -1, float `[batch]`, and the loss is the score times the target.
    """

    def __init__(self, network: keras.Model, has_classes: bool) -> None:
        self.network, self.has_classes = network, has_classes
        self.values = tf.function(self._values, reduce_retracing=True)
        self.slopes = tf.function(self._slopes, reduce_retracing=True)

    def _values(self, inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Loss of each example, `[batch]`."""
        outputs = self.network(inputs, training=False)
        if self.has_classes:
            return tf.nn.sparse_softmax_cross_entropy_with_logits(targets, outputs)
        return outputs[:, 0] * targets

    def _slopes(self, inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """The gradient of the loss with respect to the inputs, in their shape."""
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            total = tf.reduce_sum(self._values(inputs, targets))
        return tape.gradient(total, inputs)


def fgsm(loss: Loss, inputs: tf.Tensor, targets: tf.Tensor, epsilon: float, norm: Norm = "linf") -> tf.Tensor:
    """The fast gradient sign method (Goodfellow et al. 2015, §4); in L2 a step along the gradient itself.

    Args:
        loss: to maximise.
        inputs: float32 `[batch, ...]` in [0, 1].
        targets: as `loss` takes them.
        epsilon: radius of the ball, in each number (L∞) or in Euclidean length (L2).
        norm: the norm of the ball.

    Returns:
        Inputs in [0, 1], at most ε from the given ones.
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
    """Projected gradient descent (Madry et al. 2018, §2.1) from random starts in the ball; keeps the best result.

    Args:
        loss: as for `fgsm`, and the next three arguments.
        inputs: see there.
        targets: see there.
        epsilon: see there.
        steps: gradient steps per start.
        norm: the norm of the ball.
        restarts: number of random starts.
        seed: of the random starts.
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
    """The square attack in L∞ (Andriushchenko et al. 2020, algorithms 1 and 2): black-box, it only sees losses.

    It starts from stripes, and keeps a square of ±ε wherever that raises the loss.

    Args:
        loss: as for `fgsm`, and the next three arguments.
        inputs: pictures float32 `[batch, height, width, channels]` in [0, 1].
        targets: see there.
        epsilon: see there.
        queries: number of loss evaluations.
        seed: of the stripes and squares.
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
    """The unit step that raises a linear loss most: the signs in L∞, the direction itself in L2."""
    return tf.sign(slopes) if norm == "linf" else slopes / tf.maximum(_lengths(slopes), 1e-30)


def within(moves: tf.Tensor, epsilon: float, norm: Norm) -> tf.Tensor:
    """Project perturbations onto the ball of radius ε."""
    if norm == "linf":
        return tf.clip_by_value(moves, -epsilon, epsilon)
    return moves * tf.minimum(1.0, epsilon / tf.maximum(_lengths(moves), 1e-30))


def start(shape: tuple[int, ...], epsilon: float, norm: Norm, random: np.random.Generator) -> np.ndarray:
    """Perturbations drawn uniformly from the ball of radius ε: float32 in a shape `[batch, ...]`."""
    if norm == "linf":
        return random.uniform(-epsilon, epsilon, shape).astype(np.float32)
    normal = random.standard_normal(shape)
    lengths = np.sqrt((normal**2).sum(axis=tuple(range(1, len(shape))), keepdims=True))
    radii = epsilon * random.random((shape[0], *(1 for _ in shape[1:]))) ** (1 / math.prod(shape[1:]))
    return (normal / lengths * radii).astype(np.float32)


def _lengths(moves: tf.Tensor) -> tf.Tensor:
    """Euclidean norms, `[batch, 1, ...]`."""
    return tf.sqrt(tf.reduce_sum(tf.square(moves), axis=range(1, len(moves.shape)), keepdims=True))


def _as_rows(values: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """`[batch]` -> `[batch, 1, ...]`."""
    return tf.reshape(values, (-1, *(1 for _ in like.shape[1:])))
