"""The variational autoencoder of rows (TVAE, Xu et al. 2019, §4.5)."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from aigc_tf.data.source import Batch
from aigc_tf.data.tables.scheme import Number, Scheme
from aigc_tf.families.bound import BoundLearner
from aigc_tf.families.latent import averaged, update_average
from aigc_tf.families.tables.heads import ColumnSoftmax, choice_nats
from aigc_tf.families.tables.model import TableModel
from aigc_tf.nn.layers import GaussianSample
from aigc_tf.nn.likelihoods import free_log_scale, log_scale
from aigc_tf.nn.optimizers import adam
from aigc_tf.recipes.table_vae import TableVAE as Recipe

_LOG_2_PI = float(np.log(2 * np.pi))
_FIRST_DEVIATION = 0.25  # of a position, before training: that of a mode


def log_deviations(free: Any) -> Any:
    """The log deviation of each number's position, from the decoder's output; see `log_scale`."""
    return log_scale(free + free_log_scale(_FIRST_DEVIATION))


class TableVAE(BoundLearner, TableModel):
    """A VAE of rows: numbers are normal around positions in categorical modes, categories are categorical.

    Args:
        recipe: its objective, optimizer and seed.
        encoder: encoded rows `[batch, width]` -> mean and log variance `[batch, latent_dim]`.
        decoder: latents -> the outputs of `networks.decoder`.
        scheme: of the columns.
    """

    recipe: Recipe

    def __init__(self, recipe: Recipe, encoder: keras.Model, decoder: keras.Model, scheme: Scheme) -> None:
        super().__init__(recipe, scheme)
        self.encoder, self.decoder = encoder, decoder
        self.sampler = averaged(decoder, recipe.average_rows)
        self.sample = GaussianSample(recipe.seed, name="sample")
        self.adam = adam(recipe.optimizer, self.both, weight_decay=recipe.weight_decay)
        self.ready()

    def nats(self, parameters: Any, examples: Any) -> Any:
        """-log p(row | z) in nats, a density for positions: `[batch]`.

        Args:
            parameters: outputs of the decoder.
            examples: encoded rows, `[batch, width]`.
        """
        numbers = len(self.scheme.numeric)
        means, free, logits = ops.split(parameters, [numbers, 2 * numbers], axis=-1)
        places, chosen = examples[:, :numbers], examples[:, numbers:]
        logs = log_deviations(free)
        by_number = 0.5 * (ops.square((places - ops.tanh(means)) * ops.exp(-logs)) + _LOG_2_PI) + logs
        return ops.sum(by_number * self.known(examples), axis=-1) + ops.sum(
            choice_nats(self.scheme, logits, chosen), axis=-1
        )

    def known(self, rows: Any) -> Any:
        """1 for numbers, 0 for gaps, which have no position: `[batch, numbers]`."""
        columns = [(at, self.scheme.columns[at]) for at in self.scheme.numeric]
        ends = [self.scheme.starts[at] + self.scheme.sizes[at] - 1 for at, _ in columns]
        may = np.array([isinstance(column, Number) and column.has_gaps for _, column in columns], np.float32)
        return 1.0 - tf.gather(rows, tf.constant(ends, tf.int32), axis=1) * may

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update both networks on `row`, encoded rows `[batch, width]`."""
        rows = batch["row"]
        logs = self.bound_step(rows, rows)
        self.average(ops.shape(rows)[0])
        return logs

    def average(self, rows: Any) -> None:
        """Update the decoder's EMA after a step on `rows`."""
        update_average(self.sampler, self.decoder, rows, self.adam.iterations, self.recipe.average_rows)

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """See `BoundLearner.held_out_bound`, of `row`."""
        return self.held_out_bound(batch["row"])

    def drawer(self) -> keras.Model:
        """Latents -> positions and probabilities, and deviations of the positions; see `TableModel.drawer`."""
        numbers = len(self.scheme.numeric)
        latent = keras.Input((self.latent_dim,), name="latent")
        parameters = self.sampler(latent)
        chances = ColumnSoftmax(self.scheme.sizes, name="chances")(parameters[:, 2 * numbers :])
        if not numbers:
            return keras.Model(latent, [chances], name="generate")
        places = layers.Activation("tanh", name="places")(parameters[:, :numbers])
        deviation = ops.exp(log_deviations(parameters[:, numbers : 2 * numbers]))
        return keras.Model(latent, [layers.Concatenate(name="row")([places, chances]), deviation], name="generate")
