"""GANomaly: an autoencoder with a second encoder of its reconstructions, and a discriminator."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.data.source import Batch
from aigc_tf.families.autoencoder.hardening import hardened
from aigc_tf.families.autoencoder.model import Autoencoder
from aigc_tf.families.latent import averaged, update_average
from aigc_tf.nn.losses import discriminator_loss
from aigc_tf.nn.optimizers import adam
from aigc_tf.recipes.ganomaly import GANomaly as GANomalyRecipe


class GANomaly(Autoencoder):
    """Anomaly detection by the distance between the encodings of an image and of its reconstruction.

    Akcay et al. 2018, with means over pixels, features and latent dimensions in place of the norms of eqs. 1 to 3,
    as in the authors' code, which the paper's weights 1, 50 and 1 are for.

    Args:
        recipe: its loss weights, optimizers, corruption, EMA and seed.
        encoder: images `[batch, height, width, channels]` in [-1, 1] -> latents `[batch, latent_dim]`.
        decoder: latents -> logits of the pixels `[batch, height, width, channels]`.
        second_encoder: like the first, with its own weights; it encodes reconstructions.
        discriminator: images in [-1, 1] -> features, and logits `[batch, 1]`.
    """

    score_meaning = "distance between the encodings of the image and of its reconstruction: the sum of all differences"
    recipe: GANomalyRecipe

    def __init__(
        self,
        recipe: GANomalyRecipe,
        encoder: keras.Model,
        decoder: keras.Model,
        second_encoder: keras.Model,
        discriminator: keras.Model,
    ) -> None:
        # First, since the base constructor needs the trainable weights and the scoring network.
        self.second_encoder = second_encoder
        self.used_second_encoder = averaged(second_encoder, recipe.average_images)
        super().__init__(recipe, encoder, decoder)
        self.discriminator = discriminator
        self.discriminator_adam = adam(recipe.discriminator_optimizer, discriminator.trainable_variables)

    @property
    def learning(self) -> list[keras.Variable]:
        """The weights of both encoders and the decoder."""
        return [*super().learning, *self.second_encoder.trainable_variables]

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """The optimizers of the three reconstructing networks and of the discriminator."""
        return {**super().optimizers, "discriminator_optimizer": self.discriminator_adam}

    def scoring_network(self) -> keras.Model:
        """Image -> the anomaly score, the L1 distance of both encodings `[batch]` (eq. 5)."""
        image = keras.Input(self.image_shape, name="image")
        latent = self.encoding(image)
        unit = keras.layers.Rescaling(2.0, -1.0, name="reconstruction_to_unit")(self.decoding(latent))
        distance = ops.sum(ops.abs(latent - self.used_second_encoder(unit)), axis=-1)
        return keras.Model(image, distance, name="score")

    def strangeness(self, inputs: tf.Tensor, clean: tf.Tensor) -> tf.Tensor:
        """The anomaly score in training, `[batch]`."""
        del clean
        latent = self.encoder(inputs, training=False)
        unit = 2.0 * self.likelihood(self.decoder(latent, training=False)) - 1.0
        return ops.sum(ops.abs(latent - self.second_encoder(unit, training=False)), axis=-1)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update all four networks on `image`, `[batch, height, width, channels]` in [-1, 1].

        One forward pass serves both losses, with a gradient tape for each.
        """
        images = batch["image"]
        clean = self.targets(0.5 * images + 0.5, self.corruption_seed)
        inputs = hardened(self, 2.0 * self.corrupted(clean, self.corruption_seed) - 1.0, clean)
        real = 2.0 * clean - 1.0
        with tf.GradientTape() as tape, tf.GradientTape() as discriminator_tape:
            latent = self.encoder(inputs, training=True)
            fake = 2.0 * self.likelihood(self.decoder(latent, training=True)) - 1.0
            second_latent = self.second_encoder(fake, training=True)
            real_features, real_logits = self.discriminator(real, training=True)
            fake_features, fake_logits = self.discriminator(fake, training=True)
            losses = {
                "adversarial_loss": ops.mean(ops.square(real_features - fake_features)),
                **reconstruction_losses(real, fake, latent, second_latent),
            }
            loss = self.weighted(losses)
            discriminator_cost = discriminator_loss(real_logits, fake_logits)
        gradients = tape.gradient(loss, self.learning)
        discriminator_weights = self.discriminator.trainable_variables
        discriminator_gradients = discriminator_tape.gradient(discriminator_cost, discriminator_weights)
        norm = self.adam.apply(gradients, self.learning)
        discriminator_norm = self.discriminator_adam.apply(discriminator_gradients, discriminator_weights)
        self.after_step(ops.shape(images)[0], latent)
        return {
            "loss": loss,
            **losses,
            "discriminator_loss": discriminator_cost,
            "gradient_norm": norm,
            "discriminator_gradient_norm": discriminator_norm,
            **self.watch(latent, latent),
        }

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Losses on held-out `image`, without the adversarial one, whose scale is arbitrary. Changes nothing."""
        images = batch["image"]
        clean = self.targets(0.5 * images + 0.5, 2)
        inputs, real = 2.0 * self.corrupted(clean, 0) - 1.0, 2.0 * clean - 1.0
        latent = self.used_encoder(inputs, training=False)
        fake = 2.0 * self.likelihood(self.used_decoder(latent, training=False)) - 1.0
        losses = reconstruction_losses(real, fake, latent, self.used_second_encoder(fake, training=False))
        return {"loss": self.weighted(losses), **losses, **self.watch(latent, latent)}

    def weighted(self, losses: dict[str, tf.Tensor]) -> tf.Tensor:
        """The weighted sum of losses (eq. 4)."""
        weights = {
            "adversarial_loss": self.recipe.adversarial_weight,
            "contextual_loss": self.recipe.contextual_weight,
            "encoder_loss": self.recipe.encoder_weight,
        }
        return sum(weights[name] * loss for name, loss in losses.items())

    def after_step(self, batch: tf.Tensor, latent: tf.Tensor) -> dict[str, tf.Tensor]:
        """Update the EMA of the three networks, and the prior."""
        horizon = self.recipe.average_images
        update_average(self.used_second_encoder, self.second_encoder, batch, self.adam.iterations, horizon)
        return super().after_step(batch, latent)


def reconstruction_losses(
    images: tf.Tensor, reconstructions: tf.Tensor, latent: tf.Tensor, second_latent: tf.Tensor
) -> dict[str, tf.Tensor]:
    """The contextual loss and the encoder loss (Akcay et al. 2018, eqs. 2 and 3), as means.

    Args:
        images: `[batch, height, width, channels]` in [-1, 1].
        reconstructions: of the same shape and range.
        latent: the images' encodings, `[batch, latent_dim]`.
        second_latent: the reconstructions' encodings, of the same shape.
    """
    return {
        "contextual_loss": ops.mean(ops.abs(images - reconstructions)),
        "encoder_loss": ops.mean(ops.square(latent - second_latent)),
    }
