"""GAN losses; each function names its paper and equation.

The discriminator's outputs, `[batch, 1]`, are positive for images it classifies as real: logits of a probability D for
the cross-entropies, scores for the other losses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.nn.critics import (
    Critic,
    squared_gradient_norms,
    wasserstein_discriminator_loss,
    wasserstein_generator_loss,
)
from aigc_tf.nn.losses import (
    discriminator_loss,
    least_squares_discriminator_loss,
    least_squares_generator_loss,
    non_saturating_generator_loss,
)


def minimax_generator_loss(fake_logits: keras.KerasTensor) -> keras.KerasTensor:
    """Mean of log(1 - D(G(z))) (Goodfellow et al. 2014, eq. 1), in nats; its gradient vanishes where D wins.

    Args:
        fake_logits: `[batch, 1]`, the discriminator's logits of generated images.
    """
    return -ops.mean(ops.softplus(fake_logits))


def hinge_discriminator_loss(real_scores: keras.KerasTensor, fake_scores: keras.KerasTensor) -> keras.KerasTensor:
    """Mean of max(0, 1 - D(x)) + max(0, 1 + D(G(z))) (Miyato et al. 2018, eq. 16)."""
    return ops.mean(ops.relu(1.0 - real_scores)) + ops.mean(ops.relu(1.0 + fake_scores))


@dataclass(frozen=True)
class Objective:
    """The losses of generator and discriminator."""

    generator: Callable[[Any], Any]
    """Generator loss of the outputs for generated images."""
    discriminator: Callable[..., Any]
    """Discriminator loss of the outputs for real and generated images, with `label_smoothing` if it has labels."""
    gives_probabilities: bool = False
    """Whether the outputs are logits of the probability that an image is real."""
    rises: bool = True
    """Whether the discriminator's loss never decreases as the output for a generated image increases."""
    threshold: float | None = 0.0
    """The threshold between outputs for real and generated images; None if only differences count."""


OBJECTIVES = {
    "non_saturating": Objective(non_saturating_generator_loss, discriminator_loss, gives_probabilities=True),
    "minimax": Objective(minimax_generator_loss, discriminator_loss, gives_probabilities=True),
    "least_squares": Objective(
        least_squares_generator_loss, least_squares_discriminator_loss, rises=False, threshold=0.5
    ),
    "hinge": Objective(wasserstein_generator_loss, hinge_discriminator_loss),
    "wasserstein": Objective(wasserstein_generator_loss, wasserstein_discriminator_loss, threshold=None),
}
"""Objectives by a recipe's `loss`."""


def slopes_of(loss: Callable[[Any], Any], answers: tf.Tensor) -> tf.Tensor:
    """The derivative of a loss with respect to each output, `[batch, 1]`."""
    with tf.GradientTape() as tape:
        tape.watch(answers)
        value = loss(answers)
    return tape.gradient(value, answers)


def r1_penalty(critic: Critic, images: tf.Tensor) -> tf.Tensor:
    """R1 penalty, the mean of ½ ‖∇D(x)‖² (Mescheder et al. 2018, eq. 9, for γ = 1).

    Args:
        critic: the discriminator; the score of an image may not depend on other images.
        images: real ones, `[batch, height, width, channels]`.
    """
    return 0.5 * ops.mean(squared_gradient_norms(critic, images))
