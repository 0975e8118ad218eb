"""What the two players of a generative adversarial network minimise; each function names its paper and equation.

The discriminator's answers are its last layer's numbers, `[batch, 1]`, positive for images it takes for real: logits
of a probability D for the cross-entropies, scores for the other losses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.nn.losses import (
    discriminator_loss,
    least_squares_discriminator_loss,
    least_squares_generator_loss,
    non_saturating_generator_loss,
)

# Keeps the gradient of a norm finite where the norm is 0.
_MIN_SQUARED_NORM = 1e-12

Critic = Callable[[tf.Tensor], tf.Tensor]
"""Images `[batch, height, width, channels]` -> scores `[batch, 1]`."""


def minimax_generator_loss(fake_logits: keras.KerasTensor) -> keras.KerasTensor:
    """Mean of log(1 - D(G(z))) (Goodfellow et al. 2014, eq. 1), in nats; its gradient dies where D wins.

    Args:
        fake_logits: `[batch, 1]`, the discriminator's logits of generated images.
    """
    return -ops.mean(ops.softplus(fake_logits))


def hinge_discriminator_loss(real_scores: keras.KerasTensor, fake_scores: keras.KerasTensor) -> keras.KerasTensor:
    """Mean of max(0, 1 - D(x)) + max(0, 1 + D(G(z))) (Miyato et al. 2018, eq. 16)."""
    return ops.mean(ops.relu(1.0 - real_scores)) + ops.mean(ops.relu(1.0 + fake_scores))


def wasserstein_generator_loss(fake_scores: keras.KerasTensor) -> keras.KerasTensor:
    """Mean of -D(G(z)) (Arjovsky et al. 2017, algorithm 1), also the hinge loss's (Miyato et al. 2018, eq. 17)."""
    return -ops.mean(fake_scores)


def wasserstein_discriminator_loss(real_scores: keras.KerasTensor, fake_scores: keras.KerasTensor) -> keras.KerasTensor:
    """Mean of D(G(z)) - D(x) (Arjovsky et al. 2017, algorithm 1)."""
    return ops.mean(fake_scores) - ops.mean(real_scores)


@dataclass(frozen=True)
class Objective:
    """The losses of both players."""

    generator: Callable[[Any], Any]
    """Of the answers to generated images."""
    discriminator: Callable[..., Any]
    """Of the answers to real and to generated images, and a `label_smoothing` if it has labels."""
    gives_probabilities: bool = False
    """Whether the answers are logits of the probability that an image is real."""
    rises: bool = True
    """Whether the discriminator's loss never falls when the answer to a generated image rises."""
    threshold: float | None = 0.0
    """The answer between those for real and those for generated images; None if only their difference counts."""


OBJECTIVES = {
    "non_saturating": Objective(non_saturating_generator_loss, discriminator_loss, gives_probabilities=True),
    "minimax": Objective(minimax_generator_loss, discriminator_loss, gives_probabilities=True),
    "least_squares": Objective(
        least_squares_generator_loss, least_squares_discriminator_loss, rises=False, threshold=0.5
    ),
    "hinge": Objective(wasserstein_generator_loss, hinge_discriminator_loss),
    "wasserstein": Objective(wasserstein_generator_loss, wasserstein_discriminator_loss, threshold=None),
}
"""By a recipe's `loss`."""


def slopes_of(loss: Callable[[Any], Any], answers: tf.Tensor) -> tf.Tensor:
    """The derivative of a loss by each answer, `[batch, 1]`."""
    with tf.GradientTape() as tape:
        tape.watch(answers)
        value = loss(answers)
    return tape.gradient(value, answers)


def between(real: tf.Tensor, fake: tf.Tensor, seed: keras.random.SeedGenerator) -> tf.Tensor:
    """Images on the straight lines between pairs of real and generated ones (Gulrajani et al. 2017, algorithm 1).

    Args:
        real: `[batch, ...]`.
        fake: of the same shape.
        seed: of the places on the lines, uniform in [0, 1), one for each pair.
    """
    share = keras.random.uniform((ops.shape(real)[0], *(1 for _ in real.shape[1:])), seed=seed)
    return share * real + (1.0 - share) * fake


def gradient_penalty(critic: Critic, images: tf.Tensor) -> tf.Tensor:
    """Mean of (‖∇D(x)‖ - 1)² (Gulrajani et al. 2017, eq. 3).

    Args:
        critic: whose gradient is meant; the score of an image may depend on no other image.
        images: where, `[batch, height, width, channels]`; `between` gives those of the paper.
    """
    norms = ops.sqrt(squared_gradient_norms(critic, images) + _MIN_SQUARED_NORM)
    return ops.mean(ops.square(norms - 1.0))


def r1_penalty(critic: Critic, images: tf.Tensor) -> tf.Tensor:
    """Mean of ½ ‖∇D(x)‖² (Mescheder et al. 2018, eq. 9, for γ = 1).

    Args:
        critic: whose gradient is meant; the score of an image may depend on no other image.
        images: real ones, `[batch, height, width, channels]`.
    """
    return 0.5 * ops.mean(squared_gradient_norms(critic, images))


def squared_gradient_norms(critic: Critic, images: tf.Tensor) -> tf.Tensor:
    """‖∇D(x)‖² of each image, over all its pixels: `[batch]`."""
    with tf.GradientTape() as tape:
        tape.watch(images)
        scores = ops.sum(critic(images))
    return ops.sum(ops.square(tape.gradient(scores, images)), axis=tuple(range(1, len(images.shape))))
