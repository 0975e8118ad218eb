"""The variational autoencoder with a multinomial likelihood (Liang et al. 2018)."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.data.ratings.items import Items
from aigc_tf.data.source import Batch
from aigc_tf.families.bound import BoundLearner
from aigc_tf.families.recommendation.model import Recommender
from aigc_tf.nn.layers import GaussianSample
from aigc_tf.recipes.mult_vae import MultVAE as Recipe


class MultVAE(BoundLearner, Recommender):
    """A VAE of users' likes with a multinomial likelihood and a normal prior.

    Args:
        recipe: its objective, optimizer and seed.
        encoder: liked items `[batch, items]` -> mean and log variance `[batch, latent_dim]`.
        decoder: latents -> logits `[batch, items]`.
        items: all items.
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
        """The weights of both networks, with one optimizer."""
        return {"optimizer": self.both}

    def nats(self, parameters: Any, examples: Any) -> Any:
        """See `multinomial_nats`."""
        return multinomial_nats(parameters, examples)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update both networks (Liang et al. 2018, eq. 5).

        Args:
            batch: `rated`, `[batch, items]`: 1 for liked items, less for low ratings, 0 for the rest; the encoder sees
                a part of it.
        """
        rated = batch["rated"]
        logs = self.bound_step(rated * (1 - self.hidden(rated, self.recipe.dropout)), rated)
        self.average(rated, self.adam.iterations)
        return logs


def multinomial_nats(logits: Any, liked: Any) -> Any:
    """Multinomial NLL of each user's likes, up to a constant (Liang et al. 2018, eq. 2): `[batch]`.

    Args:
        logits: `[batch, items]`.
        liked: weight of each item, of the same shape: 1 if liked, 0 if not.
    """
    return -ops.sum(ops.log_softmax(logits) * liked, axis=-1)


def mean_scores(encoder: keras.Model, decoder: keras.Model) -> keras.Model:
    """Liked items -> logits at the mean of the posterior."""
    liked = keras.Input(encoder.input_shape[1:], name="liked")
    return keras.Model(liked, decoder(encoder(liked)[0]), name="scoring")
