"""The variational autoencoder under differential privacy."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.families.autoencoder.vae import VAE
from aigc_tf.families.private.training import PrivateTraining
from aigc_tf.nn.variational import kl_weight
from aigc_tf.privacy.accounting import Guarantee
from aigc_tf.privacy.gradients import Traced
from aigc_tf.privacy.optimizer import mean
from aigc_tf.recipes.autoencoders import VariationalRecipe


class PrivateVAE(PrivateTraining, VAE):
    """A variational autoencoder trained with DP-SGD on each image's bound.

    Args:
        recipe: as for `VAE`, without free bits and capacity, which depend on whole batches.
        encoder: as for `VAE`, of layers that `aigc_tf.privacy.gradients.Traced` takes.
        decoder: the same.
        guarantee: the privacy guarantee and its mechanism.
    """

    def __init__(
        self, recipe: VariationalRecipe, encoder: keras.Model, decoder: keras.Model, guarantee: Guarantee
    ) -> None:
        super().__init__(recipe, encoder, decoder)
        self.traced_encoder, self.traced_decoder = Traced(encoder), Traced(decoder)
        self.promise(guarantee, self.adam, recipe.seed ^ 2)

    def train_step(self, batches: Any) -> dict[str, tf.Tensor]:
        """Update both networks on one batch of `image`, `[any, height, width, channels]` in [-1, 1]."""
        images = batches[0]["image"]
        clean = self.targets(0.5 * images + 0.5, self.corruption_seed)
        inputs = 2.0 * self.corrupted(clean, self.corruption_seed) - 1.0
        with tf.GradientTape() as tape:
            encoded, encoding = self.traced_encoder(inputs)
            latent, divergence = self.bottleneck(encoded)
            (parameters,), decoding = self.traced_decoder(latent)
            reconstruction = -self.likelihood.log_probability(parameters, clean)
            divergence = ops.sum(divergence, axis=-1)
            weight = kl_weight(self.adam.iterations, self.recipe.beta, self.recipe.annealing_steps)
            losses = reconstruction + weight * divergence  # [any]
        weights = [*self.traced_encoder.weights, *self.traced_decoder.weights]
        watched = self.moved(tape, losses, [*encoding, *decoding], weights)
        # The expected batch size, since the actual one would reveal something about single images.
        self.after_step(tf.constant(self.guarantee.expected_batch), latent)
        return {
            "loss": mean(losses),
            "reconstruction_loss": mean(reconstruction),
            "kl": mean(divergence),
            **watched,
        }
