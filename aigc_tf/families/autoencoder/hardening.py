"""Adversarial training: learning from adversarially perturbed inputs."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops

STEP = 1.25
"""Step size of the attack, as a multiple of ε."""


def hardened(model: Any, inputs: tf.Tensor, clean: tf.Tensor) -> tf.Tensor:
    """Adversarial examples: one step along the sign of the gradient, from a random start (FGSM).

    Wong et al. 2020, algorithm 3 ("fast" adversarial training). Without ε in the recipe, the inputs are unchanged.

    Args:
        model: the attack increases its `strangeness` of inputs and clean images, `[batch]`.
        inputs: `[batch, height, width, channels]` in [-1, 1].
        clean: the corresponding clean images, in [0, 1].
    """
    most = 2.0 * model.recipe.adversarial.epsilon  # in [-1, 1]
    if not most:
        return inputs
    moves = most * keras.random.uniform(ops.shape(inputs), -1.0, 1.0, seed=model.corruption_seed)
    with tf.GradientTape() as tape:
        tape.watch(moves)
        total = ops.sum(model.strangeness(inputs + moves, clean))
    moves = ops.clip(moves + STEP * most * ops.sign(tape.gradient(total, moves)), -most, most)
    return ops.clip(inputs + ops.stop_gradient(moves), -1.0, 1.0)
