"""The two players of a Wasserstein GAN with a gradient penalty (Gulrajani et al. 2017), of examples of any kind."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from aigc_tf.nn.critics import between, gradient_penalty, wasserstein_discriminator_loss


class WassersteinPlayers:
    """A critic that is updated on real and generated examples, and both players' optimizers."""

    recipe: Any
    critic: keras.Model
    critic_adam: keras.optimizers.Optimizer
    generator_adam: keras.optimizers.Optimizer
    penalty_seed: keras.random.SeedGenerator

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Both players' optimizers."""
        return {"generator_optimizer": self.generator_adam, "critic_optimizer": self.critic_adam}

    def critic_step(self, real: tf.Tensor, fake: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Update the critic on as many of both; its loss and its penalty before that."""

        def critic(examples: tf.Tensor) -> tf.Tensor:
            return self.critic(examples, training=True)

        weights = self.critic.trainable_variables
        with tf.GradientTape() as tape:
            loss = wasserstein_discriminator_loss(critic(real), critic(fake))
            penalty = gradient_penalty(critic, between(real, fake, self.penalty_seed))
            cost = loss + self.recipe.gradient_penalty * penalty
        self.critic_adam.apply(tape.gradient(cost, weights), weights)
        return loss, penalty
