"""pix2pix: paired image translation (Isola et al. 2017)."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.data.source import Batch
from aigc_tf.families.latent import update_average
from aigc_tf.families.photo_model import unit
from aigc_tf.families.translation.model import Translator
from aigc_tf.nn.losses import discriminator_loss, non_saturating_generator_loss
from aigc_tf.recipes import pix2pix


class Pix2Pix(Translator):
    """A generator trained with an L1 loss and a discriminator of pairs of input and output.

    Args:
        recipe: of both networks.
        generator: see `Translator`.
        discriminator: pictures of both domains in [0, 1] -> logits of patches.
    """

    recipe: pix2pix.Pix2Pix

    def __init__(self, recipe: pix2pix.Pix2Pix, generator: keras.Model, discriminator: keras.Model) -> None:
        super().__init__(recipe, generator, generator.trainable_variables, discriminator.trainable_variables)
        self.discriminator = discriminator

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update both networks on pairs `image` and `target`, `[batch, height, width, channels]` in [-1, 1].

        Equations 1, 3 and 4 of the paper, with the non-saturating loss of its §3.3.
        """
        image, target = unit(batch["image"]), unit(batch["target"])
        generator, discriminator = self.generator.trainable_variables, self.discriminator.trainable_variables
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            made = self.generator(image, training=True)
            real_logits = self.discriminator([image, target], training=True)
            fake_logits = self.discriminator([image, made], training=True)
            l1 = ops.mean(ops.abs(made - target))
            adversarial = non_saturating_generator_loss(fake_logits)
            generator_loss = adversarial + self.recipe.l1_weight * l1
            judging = discriminator_loss(real_logits, fake_logits)
        norm = self.generator_adam.apply(generator_tape.gradient(generator_loss, generator), generator)
        self.discriminator_adam.apply(discriminator_tape.gradient(judging, discriminator), discriminator)
        pairs = ops.shape(image)[0]
        update_average(self.used, self.generator, pairs, self.generator_adam.iterations, self.recipe.average_images)
        return {
            "generator_loss": generator_loss,
            "l1_loss": l1,
            "adversarial_loss": adversarial,
            "discriminator_loss": judging,
            "gradient_norm": norm,
        }

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """`loss`: the absolute error of held-out pairs. Changes nothing."""
        made = self.used(unit(batch["image"]), training=False)
        return {"loss": ops.mean(ops.abs(made - unit(batch["target"])))}
