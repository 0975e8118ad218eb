"""CycleGAN: unpaired image translation (Zhu et al. 2017)."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.data.source import Batch
from aigc_tf.families.latent import update_average
from aigc_tf.families.photo_model import unit
from aigc_tf.families.translation.model import Translator
from aigc_tf.nn.losses import least_squares_discriminator_loss, least_squares_generator_loss
from aigc_tf.nn.replay import ReplayBuffer
from aigc_tf.recipes import cyclegan


class CycleGAN(Translator):
    """Two generators, from A to B and back, and a discriminator for each domain.

    Args:
        recipe: of all networks.
        generator: from A to B, see `Translator`.
        back: from B to A.
        discriminator: pictures of B in [0, 1] -> scores of patches.
        discriminator_a: the same for pictures of A.
    """

    recipe: cyclegan.CycleGAN

    def __init__(
        self,
        recipe: cyclegan.CycleGAN,
        generator: keras.Model,
        back: keras.Model,
        discriminator: keras.Model,
        discriminator_a: keras.Model,
    ) -> None:
        making = [*generator.trainable_variables, *back.trainable_variables]
        judging = [*discriminator.trainable_variables, *discriminator_a.trainable_variables]
        super().__init__(recipe, generator, making, judging)
        self.back, self.discriminator, self.discriminator_a = back, discriminator, discriminator_a
        self.making, self.judging = making, judging
        side, channels = recipe.photos.crop, recipe.photos.channels
        picture = keras.Input((side, side, channels), name="picture")
        self.replay = ReplayBuffer(recipe.replayed, [picture], recipe.seed)
        self.replay_a = ReplayBuffer(recipe.replayed, [picture], recipe.seed + 1)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update all networks on `image` (A) and `target` (B), `[batch, height, width, channels]` in [-1, 1].

        Equations 1 to 3 of the paper, with least squares and a replay buffer (§4) and the identity loss (§5.2).
        """
        a, b = unit(batch["image"]), unit(batch["target"])
        with tf.GradientTape() as tape:
            made_b, made_a = self.generator(a, training=True), self.back(b, training=True)
            cycle, identity = self._cycle(a, b, made_b, made_a), self._identity(a, b)
            adversarial = least_squares_generator_loss(
                self.discriminator(made_b, training=True)
            ) + least_squares_generator_loss(self.discriminator_a(made_a, training=True))
            loss = adversarial + self.recipe.cycle_weight * cycle + self.recipe.identity_weight * identity
        norm = self.generator_adam.apply(tape.gradient(loss, self.making), self.making)
        judging = self._judge(a, b, made_b, made_a)
        update_average(
            self.used, self.generator, ops.shape(a)[0], self.generator_adam.iterations, self.recipe.average_images
        )
        return {
            "generator_loss": loss,
            "cycle_loss": cycle,
            "adversarial_loss": adversarial,
            "discriminator_loss": judging,
            "gradient_norm": norm,
        }

    def _cycle(self, a: Any, b: Any, made_b: Any, made_a: Any) -> tf.Tensor:
        there_and_back = ops.mean(ops.abs(self.back(made_b, training=True) - a))
        return there_and_back + ops.mean(ops.abs(self.generator(made_a, training=True) - b))

    def _identity(self, a: Any, b: Any) -> tf.Tensor:
        if not self.recipe.identity_weight:
            return ops.zeros(())
        kept = ops.mean(ops.abs(self.generator(b, training=True) - b))
        return kept + ops.mean(ops.abs(self.back(a, training=True) - a))

    def _judge(self, a: Any, b: Any, made_b: Any, made_a: Any) -> tf.Tensor:
        """Update both discriminators on real pictures and on current and past generated ones."""
        (old_b,), (old_a,) = self.replay.exchange([made_b]), self.replay_a.exchange([made_a])
        with tf.GradientTape() as tape:
            loss = least_squares_discriminator_loss(
                self.discriminator(b, training=True), self.discriminator(old_b, training=True)
            ) + least_squares_discriminator_loss(
                self.discriminator_a(a, training=True), self.discriminator_a(old_a, training=True)
            )
        self.discriminator_adam.apply(tape.gradient(loss, self.judging), self.judging)
        return loss

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """`loss`: cycle-consistency loss plus adversarial loss on held-out `image`.

        Changes nothing.
        """
        a = unit(batch["image"])
        made = self.used(a, training=False)
        cycle = ops.mean(ops.abs(self.back(made, training=False) - a))
        adversarial = least_squares_generator_loss(self.discriminator(made, training=False))
        return {"loss": self.recipe.cycle_weight * cycle + adversarial, "cycle_loss": cycle}
