"""Super-resolution with a pixel loss, or with an adversarial loss in addition (SRGAN, Ledig et al. 2017)."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.data.source import Batch
from aigc_tf.families.latent import update_average
from aigc_tf.families.photo_model import unit
from aigc_tf.families.restoration.model import Restorer, decibels
from aigc_tf.nn.losses import charbonnier, discriminator_loss, non_saturating_generator_loss
from aigc_tf.nn.optimizers import adam
from aigc_tf.nn.style_features import looking, perceptual_distance
from aigc_tf.recipes.upscale import Upscale


class SuperResolver(Restorer):
    """Upscales photographs; a discriminator is used only in training, and not exported.

    The pixel loss is minimised by the mean of all plausible pictures, which is blurred. A patch discriminator and a
    perceptual loss reward realistic details instead, at the expense of PSNR (Blau & Michaeli 2018).

    Args:
        recipe: its degradation, optimizers, loss weights and EMA.
        network: see `Restorer`.
        discriminator: pictures `[batch, height, width, channels]` in [0, 1], and the small ones that they were upscaled
            from -> logits of patches; None for the pixel loss only.
    """

    recipe: Upscale

    def __init__(self, recipe: Upscale, network: keras.Model, discriminator: keras.Model | None = None) -> None:
        super().__init__(
            recipe, network, recipe.optimizer if discriminator is None else recipe.judgement.network_optimizer
        )
        self.discriminator = discriminator
        if discriminator is not None:
            looking(recipe.judgement.features)  # fail early if a package is missing
            self.discriminator_adam = adam(recipe.judgement.optimizer, discriminator.trainable_variables)

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """The network's optimizer, and the discriminator's if there is one."""
        own = super().optimizers
        return own if self.discriminator is None else own | {"discriminator_optimizer": self.discriminator_adam}

    def seen(self, enlarged: tf.Tensor, clean: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The loss of pictures in [0, 1] without the adversarial term, and the mean perceptual distance."""
        settings = self.recipe.judgement
        look = looking(settings.features)
        perceptual = ops.mean(perceptual_distance(look(enlarged), look(clean)))
        return charbonnier(enlarged, clean) + settings.perceptual_weight * perceptual, perceptual

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the network, and the discriminator if there is one, on clean crops `image` in [-1, 1].

        The loss of the network is that of Wang et al. 2018, eq. 3, with the non-saturating adversarial term of Ledig et
        al. 2017, eq. 6; both networks share one forward pass.
        """
        if self.discriminator is None:
            return super().train_step(batch)
        clean = unit(batch["image"])
        inputs = self.degradation.degrade(clean, self.degradation_seed)
        weights, judging = self.network.trainable_variables, self.discriminator.trainable_variables
        with tf.GradientTape() as tape, tf.GradientTape() as judging_tape:
            enlarged = self.called(self.network, inputs, training=True)
            known, perceptual = self.seen(enlarged, clean)
            fake_logits = self.discriminator([enlarged, inputs["image"]], training=True)
            real_logits = self.discriminator([clean, inputs["image"]], training=True)
            adversarial = non_saturating_generator_loss(fake_logits)
            loss = known + self.recipe.judgement.adversarial_weight * adversarial
            judged = discriminator_loss(real_logits, fake_logits)
        norm = self.adam.apply(tape.gradient(loss, weights), weights)
        self.discriminator_adam.apply(judging_tape.gradient(judged, judging), judging)
        crops = ops.shape(clean)[0]
        update_average(self.used, self.network, crops, self.adam.iterations, self.recipe.average_images)
        return {
            "loss": loss,
            "perceptual_loss": perceptual,
            "adversarial_loss": adversarial,
            "discriminator_loss": judged,
            "gradient_norm": norm,
            "psnr_db": decibels(enlarged, clean),
        }

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Losses on held-out `image`, without the adversarial term, as the discriminator changes. Changes nothing."""
        if self.discriminator is None:
            return super().test_step(batch)
        clean = unit(batch["image"])
        enlarged = self.called(self.used, self.degradation.degrade(clean, 0), training=False)
        loss, perceptual = self.seen(enlarged, clean)
        return {"loss": loss, "perceptual_loss": perceptual, "psnr_db": decibels(enlarged, clean)}
