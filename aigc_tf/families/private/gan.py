"""The GAN under differential privacy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from aigc_tf.errors import InputError
from aigc_tf.families.gan.losses import slopes_of
from aigc_tf.families.gan.model import GAN
from aigc_tf.families.private.training import PrivateTraining
from aigc_tf.privacy.accounting import Guarantee
from aigc_tf.privacy.gradients import Passage, Traced, clipped_sums
from aigc_tf.recipes.gans import GANRecipe


class PrivateGAN(PrivateTraining, GAN):
    """A GAN whose discriminator is trained with DP-SGD.

    The generator is trained only through the discriminator's outputs for its own images, so it is as private as the
    discriminator, by post-processing (Xie et al. 2018; Bie et al. 2023).

    Args:
        recipe: as for `GAN`, without penalties, replay buffer and augmentation.
        generator: as for `GAN`; any layers.
        discriminator: as for `GAN`, of layers that `aigc_tf.privacy.gradients.Traced` takes.
        guarantee: the privacy guarantee and its mechanism.

    Raises:
        InputError: all layers of the discriminator are frozen.
    """

    def __init__(
        self, recipe: GANRecipe, generator: keras.Model, discriminator: keras.Model, guarantee: Guarantee
    ) -> None:
        super().__init__(recipe, generator, discriminator)
        self.traced_discriminator = Traced(discriminator)
        if not self.traced_discriminator.weights:
            raise InputError("freeze leaves the discriminator nothing to learn, and it alone sees images: freeze fewer")
        self.promise(guarantee, self.discriminator_optimizer, recipe.seed ^ 5)

    def train_step(self, batches: Any) -> dict[str, tf.Tensor]:
        """Update the discriminator on each batch of real images, then the generator.

        Args:
            batches: each with `image`, `[any, height, width, channels]` in [-1, 1].
        """
        for batch in batches:
            watched = self.learn_from(batch["image"])
        return self.update_generator() | watched

    def learn_from(self, real: tf.Tensor) -> dict[str, tf.Tensor]:
        """Update the discriminator on real images and on generated ones, which need no privacy."""
        fake = self.fakes(tf.constant(self.recipe.batch_size), ())
        with tf.GradientTape(persistent=True) as tape:
            (real_logits,), seen = self.traced_discriminator(real)
            (fake_logits,), made = self.traced_discriminator(fake)
        loss = self.discriminator_loss
        real_slopes = slopes_of_sum(lambda answers: loss(answers, fake_logits), real_logits)
        fake_slopes = slopes_of_sum(lambda answers: loss(real_logits, answers), fake_logits)
        # Generated images have the same weight as real ones only if they are clipped alike.
        clip_norm = self.guarantee.clip_norm
        public, _ = clipped_sums(made, behind(tape, fake_logits, made, fake_slopes), clip_norm)
        sums, norms = clipped_sums(seen, behind(tape, real_logits, seen, real_slopes), clip_norm)
        public_gradients = [part / self.recipe.batch_size for part in public]
        watched = self.private_optimizer.apply(sums, norms, self.traced_discriminator.weights, public_gradients)
        real_logits = tf.boolean_mask(real_logits, tf.math.is_finite(norms))  # the others did not contribute
        return watched | {
            "discriminator_loss": self.discriminator_loss(real_logits, fake_logits),
            **self.answers(real_logits, fake_logits),
        }

    def update_generator(self) -> dict[str, tf.Tensor]:
        """Update the generator and its EMA, without real images."""
        batch = tf.constant(self.recipe.batch_size)
        weights = self.generator.trainable_variables
        with tf.GradientTape() as tape:
            loss = self.generator_loss(self.discriminator(self.fakes(batch, ()), training=True))
        gradients = tape.gradient(loss, weights)
        self.generator_optimizer.apply(gradients, weights)
        self.update_sampler(batch)
        return {"generator_loss": loss, "generator_gradient_norm": tf.linalg.global_norm(gradients)}


def slopes_of_sum(mean_loss: Any, answers: tf.Tensor) -> tf.Tensor:
    """The derivative of the sum over a batch with respect to each output, `[any, 1]`, from a loss that is the mean."""
    return slopes_of(mean_loss, answers) * tf.cast(tf.size(answers), answers.dtype)


def behind(
    tape: tf.GradientTape, answers: tf.Tensor, passages: Sequence[Passage], slopes: tf.Tensor
) -> list[tf.Tensor]:
    """The gradients with respect to each layer's outputs, from those of the final outputs."""
    return tape.gradient(answers, [passage.outputs for passage in passages], output_gradients=slopes)
