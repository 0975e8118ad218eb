"""The variational autoencoder of rows under differential privacy."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.data.tables.scheme import Scheme
from aigc_tf.families.private.training import PrivateTraining
from aigc_tf.families.tables.vae import TableVAE
from aigc_tf.nn.variational import Posterior, kl_weight
from aigc_tf.privacy.accounting import Guarantee
from aigc_tf.privacy.gradients import Traced
from aigc_tf.privacy.optimizer import mean
from aigc_tf.recipes.dp_table_vae import DPTableVAE as Recipe


class PrivateTableVAE(PrivateTraining, TableVAE):
    """A VAE of table rows trained with DP-SGD on each row's bound.

    Args:
        recipe: as for `TableVAE`.
        encoder: as for `TableVAE`, of layers that `aigc_tf.privacy.gradients.Traced` takes.
        decoder: the same.
        scheme: of the columns, which the guarantee does not cover.
        guarantee: the privacy guarantee and its mechanism.
    """

    def __init__(
        self, recipe: Recipe, encoder: keras.Model, decoder: keras.Model, scheme: Scheme, guarantee: Guarantee
    ) -> None:
        super().__init__(recipe, encoder, decoder, scheme)
        self.traced_encoder, self.traced_decoder = Traced(encoder), Traced(decoder)
        self.promise(guarantee, self.adam, recipe.seed ^ 2)

    def train_step(self, batches: Any) -> dict[str, tf.Tensor]:
        """Update both networks on one batch of `row`, `[any, width]`."""
        rows = batches[0]["row"]
        with tf.GradientTape() as tape:
            encoded, encoding = self.traced_encoder(rows)
            posterior = Posterior(*encoded)
            (parameters,), decoding = self.traced_decoder(self.sample(*posterior))
            reconstruction = self.nats(parameters, rows)
            divergence = ops.sum(posterior.divergence(), axis=-1)
            weight = kl_weight(self.adam.iterations, self.recipe.beta, self.recipe.annealing_steps)
            losses = reconstruction + weight * divergence  # [any]
        weights = [*self.traced_encoder.weights, *self.traced_decoder.weights]
        watched = self.moved(tape, losses, [*encoding, *decoding], weights)
        # The expected batch size, since the actual one would reveal something about single rows.
        self.average(tf.constant(self.guarantee.expected_batch))
        return {
            "loss": mean(losses),
            "reconstruction_loss": mean(reconstruction),
            "kl": mean(divergence),
            **watched,
        }
