"""Wasserstein GAN training with a gradient penalty (Gulrajani et al. 2017), for examples of any kind."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from aigc_tf.nn.critics import between, gradient_penalty, wasserstein_discriminator_loss


class WassersteinPlayers:
    """Mixin with the critic's update and the optimizers of generator and critic."""

    recipe: Any
    critic: keras.Model
    critic_adam: keras.optimizers.Optimizer
    generator_adam: keras.optimizers.Optimizer
    penalty_seed: keras.random.SeedGenerator

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """The optimizers of generator and critic."""
        return {"generator_optimizer": self.generator_adam, "critic_optimizer": self.critic_adam}

    def critic_step(self, real: tf.Tensor, fake: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Update the critic on equal numbers of both; returns its loss and penalty before the update."""

        def critic(examples: tf.Tensor) -> tf.Tensor:
            return self.critic(examples, training=True)

        weights = self.critic.trainable_variables
        with tf.GradientTape() as tape:
            loss = wasserstein_discriminator_loss(critic(real), critic(fake))
            penalty = gradient_penalty(critic, between(real, fake, self.penalty_seed))
            cost = loss + self.recipe.gradient_penalty * penalty
        self.critic_adam.apply(tape.gradient(cost, weights), weights)
        return loss, penalty
