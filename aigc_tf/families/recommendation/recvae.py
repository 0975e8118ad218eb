"""RecVAE (Shenbin et al. 2020): a composite prior, and alternating training of encoder and decoder."""

from __future__ import annotations

import math
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.data.ratings.items import Items
from aigc_tf.data.source import Batch
from aigc_tf.errors import InputError
from aigc_tf.families.recommendation.model import Recommender
from aigc_tf.families.recommendation.mult_vae import mean_scores, multinomial_nats
from aigc_tf.nn import replicas
from aigc_tf.nn.layers import GaussianSample
from aigc_tf.nn.variational import Posterior, active_units
from aigc_tf.recipes.recvae import RecVAE as Recipe

WIDE_LOG_VARIANCE = 10.0
"""Log variance of the third component of the prior (from the authors' code)."""


class RecVAE(Recommender):
    """Mult-VAE whose composite prior includes the encoder of the previous round.

    Args:
        recipe: its objective, optimizer and seed.
        encoder: liked items `[batch, items]` -> mean and log variance `[batch, latent_dim]`.
        before: a copy of the encoder at the end of the previous round.
        decoder: latents -> logits `[batch, items]`.
        items: all items.
    """

    recipe: Recipe

    def __init__(
        self, recipe: Recipe, encoder: keras.Model, before: keras.Model, decoder: keras.Model, items: Items
    ) -> None:
        super().__init__(recipe, mean_scores(encoder, decoder), items)
        self.encoder, self.before, self.decoder = encoder, before, decoder
        self.before.trainable = False
        self.remember()
        self.sample = GaussianSample(recipe.seed, name="sample")
        self.made = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False, name="steps_made")
        self.adam = self.optimizer_of(self.learning["optimizer"])
        self.decoder_adam = self.optimizer_of(self.learning["decoder_optimizer"])
        self.ready()

    @property
    def learning(self) -> dict[str, list[keras.Variable]]:
        """The encoder's weights, and the decoder's."""
        return {
            "optimizer": self.encoder.trainable_variables,
            "decoder_optimizer": self.decoder.trainable_variables,
        }

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """One optimizer for each network."""
        return {"optimizer": self.adam, "decoder_optimizer": self.decoder_adam}

    def remember(self) -> int:
        """Copy the current encoder into the prior; returns 0, for a branch of the graph."""
        for kept, weight in zip(self.before.weights, self.encoder.weights, strict=True):
            kept.assign(weight)
        return 0

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the encoder or the decoder, depending on the number of steps so far (algorithm 1).

        A round has `encoder_steps` parts for the encoder, after which it is copied into the prior, and one for the
        decoder, which is trained without dropout.

        Args:
            batch: `rated`, `[batch, items]`: 1 for liked items, less for low ratings, 0 for the rest.
        """
        if replicas.count() > 1:  # the choice is made in the graph, where replicas cannot synchronise
            raise InputError("a recvae learns in turns on one device: give --strategy one")
        rated, recipe = batch["rated"], self.recipe
        place = self.made % recipe.round_steps
        for_encoder = recipe.round_steps * recipe.encoder_steps // (recipe.encoder_steps + 1)
        logs: dict[str, tf.Tensor] = tf.cond(
            place < for_encoder, lambda: self.learn_encoder(rated), lambda: self.learn_decoder(rated)
        )
        tf.cond(place == for_encoder - 1, self.remember, lambda: 0)
        self.made.assign_add(1)
        self.average(rated, self.made)
        return logs

    def learn_encoder(self, rated: tf.Tensor) -> dict[str, tf.Tensor]:
        """Update the encoder on the NLL of likes plus γ times the number of liked items times KL (eq. 12)."""
        weights = self.learning["optimizer"]
        seen = rated * (1 - self.hidden(rated, self.recipe.dropout))
        with tf.GradientTape() as tape:
            posterior = Posterior(*self.encoder(seen, training=True))
            latents = self.sample(*posterior)
            reconstruction = multinomial_nats(self.decoder(latents, training=False), rated)
            divergence = self.divergence(posterior, latents, rated)
            weight = self.recipe.gamma * ops.sum(rated, axis=-1)
            loss = ops.mean(reconstruction + weight * divergence)
        norm = self.adam.apply(tape.gradient(loss, weights), weights)
        return self.logs(loss, ops.mean(reconstruction), ops.mean(divergence), active_units(posterior.mean), norm)

    def learn_decoder(self, rated: tf.Tensor) -> dict[str, tf.Tensor]:
        """Update the decoder, on latents of all liked items."""
        posterior = Posterior(*self.encoder(rated, training=False))
        latents = self.sample(*posterior)
        weights = self.learning["decoder_optimizer"]
        with tf.GradientTape() as tape:
            loss = ops.mean(multinomial_nats(self.decoder(latents, training=True), rated))
        norm = self.decoder_adam.apply(tape.gradient(loss, weights), weights)
        divergence = ops.mean(self.divergence(posterior, latents, rated))
        return self.logs(loss, loss, divergence, active_units(posterior.mean), norm)

    def divergence(self, posterior: Posterior, latents: tf.Tensor, rated: tf.Tensor) -> tf.Tensor:
        """log q(z | x) - log p(z) of one sample per user, in nats: `[batch]`."""
        before = Posterior(*self.before(rated, training=False))
        standard = Posterior(ops.zeros_like(latents), ops.zeros_like(latents))
        wide = Posterior(ops.zeros_like(latents), ops.full_like(latents, WIDE_LOG_VARIANCE))
        parts = [
            math.log(weight) + log_density(latents, *part)
            for weight, part in zip(self.recipe.prior_weights, (standard, before, wide), strict=True)
        ]
        return log_density(latents, *posterior) - ops.logsumexp(ops.stack(parts), axis=0)

    def logs(self, *values: Any) -> dict[str, tf.Tensor]:
        """The metrics of both kinds of step."""
        names = ("loss", "reconstruction_loss", "kl", "active_units", "gradient_norm")
        return {name: tf.cast(value, tf.float32) for name, value in zip(names, values, strict=True)}


def log_density(latents: Any, mean: Any, log_variance: Any) -> Any:
    """log N(z; mean, variance), in nats, summed over dimensions: `[batch]`; all are `[batch, latent_dim]`."""
    squares = ops.square(latents - mean) * ops.exp(-log_variance)
    return -0.5 * ops.sum(math.log(2 * math.pi) + log_variance + squares, axis=-1)
