"""The variational autoencoder with a multinomial likelihood (Liang et al. 2018)."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.data.ratings.items import Items
from aigc_tf.data.source import Batch
from aigc_tf.families.recommendation.model import Recommender
from aigc_tf.nn.layers import GaussianSample
from aigc_tf.nn.variational import Posterior, active_units, kl_weight
from aigc_tf.recipes.mult_vae import MultVAE as Recipe


class MultVAE(Recommender):
    """p(liked | z) is multinomial, and z is normal.

    Args:
        recipe: its objective, optimizer and seed.
        encoder: liked items `[batch, items]` -> mean and log variance `[batch, latent_dim]`.
        decoder: latents -> logits `[batch, items]`.
        items: that there are.
    """

    recipe: Recipe

    def __init__(self, recipe: Recipe, encoder: keras.Model, decoder: keras.Model, items: Items) -> None:
        super().__init__(recipe, mean_scores(encoder, decoder), items)
        self.encoder, self.decoder = encoder, decoder
        self.sample = GaussianSample(recipe.seed, name="sample")
        self.adam = self.optimizer_of(self.learning["optimizer"])
        self.ready()

    @property
    def learning(self) -> dict[str, list[keras.Variable]]:
        """Both networks have one optimizer."""
        return {"optimizer": [*self.encoder.trainable_variables, *self.decoder.trainable_variables]}

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """One."""
        return {"optimizer": self.adam}

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update both networks (Liang et al. 2018, eq. 5).

        Args:
            batch: `rated`, `[batch, items]`: 1 for what is liked, less for what was rated low, 0 for the rest; the
                encoder sees a part of it.
        """
        rated, weights = batch["rated"], self.learning["optimizer"]
        seen = rated * (1 - self.hidden(rated, self.recipe.dropout))
        with tf.GradientTape() as tape:
            posterior = Posterior(*self.encoder(seen, training=True))
            logits = self.decoder(self.sample(*posterior), training=True)
            reconstruction = ops.mean(multinomial_nats(logits, rated))
            divergence = ops.mean(ops.sum(posterior.divergence(), axis=-1))
            weight = kl_weight(self.adam.iterations, self.recipe.beta, self.recipe.annealing_steps)
            loss = reconstruction + weight * divergence
        norm = self.adam.apply(tape.gradient(loss, weights), weights)
        self.average(rated, self.adam.iterations)
        return {
            "loss": loss,
            "reconstruction_loss": reconstruction,
            "kl": divergence,
            "active_units": active_units(posterior.mean),
            "gradient_norm": norm,
        }


def multinomial_nats(logits: Any, liked: Any) -> Any:
    """-log p of what each user likes, up to a constant (Liang et al. 2018, eq. 2): `[batch]`.

    Args:
        logits: `[batch, items]`.
        liked: how much each item counts, of the same shape: 1, or 0 for what is not liked.
    """
    return -ops.sum(ops.log_softmax(logits) * liked, axis=-1)


def mean_scores(encoder: keras.Model, decoder: keras.Model) -> keras.Model:
    """Liked items -> logits at the mean of the posterior."""
    liked = keras.Input(encoder.input_shape[1:], name="liked")
    return keras.Model(liked, decoder(encoder(liked)[0]), name="scoring")
