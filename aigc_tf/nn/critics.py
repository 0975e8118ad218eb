"""Losses and gradient penalty of Wasserstein critics, for examples of any kind."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf
from keras import ops

# Keeps the gradient of a norm finite where the norm is 0.
_MIN_SQUARED_NORM = 1e-12

Critic = Callable[[tf.Tensor], tf.Tensor]
"""Examples `[batch, ...]` -> scores `[batch, 1]`."""


def wasserstein_generator_loss(fake_scores: keras.KerasTensor) -> keras.KerasTensor:
    """Mean of -D(G(z)) (Arjovsky et al. 2017, algorithm 1), also the hinge loss's (Miyato et al. 2018, eq. 17)."""
    return -ops.mean(fake_scores)


def wasserstein_discriminator_loss(real_scores: keras.KerasTensor, fake_scores: keras.KerasTensor) -> keras.KerasTensor:
    """Mean of D(G(z)) - D(x) (Arjovsky et al. 2017, algorithm 1)."""
    return ops.mean(fake_scores) - ops.mean(real_scores)


def between(real: tf.Tensor, fake: tf.Tensor, seed: keras.random.SeedGenerator) -> tf.Tensor:
    """Random interpolations between pairs of real and generated images (Gulrajani et al. 2017, algorithm 1).

    Args:
        real: `[batch, ...]`.
        fake: of the same shape.
        seed: of the interpolation weights, uniform in [0, 1), one for each pair.
    """
    share = keras.random.uniform((ops.shape(real)[0], *(1 for _ in real.shape[1:])), seed=seed)
    return share * real + (1.0 - share) * fake


def gradient_penalty(critic: Critic, images: tf.Tensor) -> tf.Tensor:
    """Mean of (‖∇D(x)‖ - 1)² (Gulrajani et al. 2017, eq. 3).

    Args:
        critic: the network; the score of an image may not depend on other images.
        images: the points at which the gradient is taken, `[batch, ...]`; `between` gives those of the paper.
    """
    norms = ops.sqrt(squared_gradient_norms(critic, images) + _MIN_SQUARED_NORM)
    return ops.mean(ops.square(norms - 1.0))


def squared_gradient_norms(critic: Critic, images: tf.Tensor) -> tf.Tensor:
    """‖∇D(x)‖² of each image, over all its values: `[batch]`."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        scores = ops.sum(critic(images))
    return ops.sum(ops.square(tape.gradient(scores, images)), axis=tuple(range(1, len(images.shape))))
