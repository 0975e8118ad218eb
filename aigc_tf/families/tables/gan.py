"""The conditional GAN of table rows (CTGAN, Xu et al. 2019, §4)."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from aigc_tf.data.source import Batch
from aigc_tf.data.tables.scheme import Scheme
from aigc_tf.families.latent import averaged, update_average
from aigc_tf.families.tables.heads import ColumnSoftmax, choice_nats, relaxed_choices
from aigc_tf.families.tables.model import TableModel
from aigc_tf.families.wasserstein import WassersteinPlayers
from aigc_tf.modalities.tables import Where
from aigc_tf.nn.critics import wasserstein_generator_loss
from aigc_tf.nn.optimizers import adam
from aigc_tf.recipes.table_gan import TableGAN as Recipe


class TableGAN(WassersteinPlayers, TableModel):
    """A generator conditioned on one categorical value, and a Wasserstein critic of packs of rows.

    Args:
        recipe: its optimizers, penalty and seed.
        generator: latents `[batch, latent_dim]`, and conditions `[batch, conditions]` if the table has categories ->
            positions before tanh, and logits: `[batch, width]`.
        critic: packs of encoded rows with their conditions -> scores `[batch / pack, 1]`.
        scheme: of the columns.
    """

    recipe: Recipe

    def __init__(self, recipe: Recipe, generator: keras.Model, critic: keras.Model, scheme: Scheme) -> None:
        super().__init__(recipe, scheme)
        self.generator, self.critic = generator, critic
        self.sampler = averaged(generator, recipe.average_rows)
        self.latent_seed = keras.random.SeedGenerator(recipe.seed, name="latent_seed")
        self.choice_seed = keras.random.SeedGenerator(recipe.seed ^ 1, name="choice_seed")
        self.penalty_seed = keras.random.SeedGenerator(recipe.seed ^ 2, name="penalty_seed")
        decay = recipe.weight_decay
        self.generator_adam = adam(recipe.generator_optimizer, generator.trainable_variables, weight_decay=decay)
        self.critic_adam = adam(recipe.critic_optimizer, critic.trainable_variables)
        self.ready()

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the critic, then the generator.

        Args:
            batch: `row`, encoded rows `[batch, width]`, and `condition`, `[batch, conditions]`, if there are any.
        """
        rows, condition = batch["row"], batch.get("condition")
        made, _ = self.fakes(condition, ops.shape(rows)[0])
        critic_loss, penalty = self.critic_step(self.packs(rows, condition), self.packs(made, condition))
        return self.update_generator(condition, ops.shape(rows)[0]) | {"critic_loss": critic_loss, "penalty": penalty}

    def update_generator(self, condition: tf.Tensor | None, batch: Any) -> dict[str, tf.Tensor]:
        """Update the generator, penalised for missing its conditions, and its EMA."""
        weights = self.generator.trainable_variables
        with tf.GradientTape() as tape:
            made, logits = self.fakes(condition, batch)
            loss = wasserstein_generator_loss(self.critic(self.packs(made, condition), training=True))
            missed = tf.constant(0.0) if condition is None else self.missed(logits, condition)
            cost = loss + missed
        norm = self.generator_adam.apply(tape.gradient(cost, weights), weights)
        update_average(self.sampler, self.generator, batch, self.generator_adam.iterations, self.recipe.average_rows)
        return {"generator_loss": loss, "condition_loss": missed, "generator_gradient_norm": norm}

    def fakes(self, condition: tf.Tensor | None, batch: Any) -> tuple[tf.Tensor, tf.Tensor]:
        """Generated rows in training, with relaxed one-hot choices, and the logits of these."""
        latent = keras.random.normal((batch, self.latent_dim), seed=self.latent_seed)
        parameters = self.generator(latent if condition is None else [latent, condition], training=True)
        numbers = len(self.scheme.numeric)
        logits = parameters[:, numbers:]
        chosen = relaxed_choices(self.scheme, logits, self.recipe.temperature, self.choice_seed)
        return ops.concatenate([ops.tanh(parameters[:, :numbers]), chosen], axis=-1), logits

    def packs(self, rows: tf.Tensor, condition: tf.Tensor | None) -> tf.Tensor:
        """Rows with their conditions, concatenated into the packs that the critic scores."""
        whole = rows if condition is None else ops.concatenate([rows, condition], axis=-1)
        return ops.reshape(whole, (-1, self.critic.input_shape[-1]))

    def missed(self, logits: tf.Tensor, condition: tf.Tensor) -> tf.Tensor:
        """The cross-entropy of the requested values (Xu et al. 2019, §4.3), in nats per row."""
        owners = self.asked(condition)
        return ops.mean(ops.sum(choice_nats(self.scheme, logits, owners), axis=-1))

    def asked(self, condition: tf.Tensor) -> tf.Tensor:
        """A condition expanded to the choices of all columns, `[batch, choices]`."""
        parts, start = [], 0
        for at, size in enumerate(self.scheme.sizes):
            if at in self.scheme.categories:
                parts.append(condition[:, start : start + size])
                start += size
            else:
                parts.append(ops.zeros((ops.shape(condition)[0], size)))
        return ops.concatenate(parts, axis=-1)

    def inputs(self, latents: np.ndarray, random: np.random.Generator, where: Where) -> dict[str, np.ndarray]:
        """Latents with the requested value, or else a random column's value by its frequency in the data."""
        if not self.scheme.conditions:
            return {"latent": latents}
        condition = np.zeros((len(latents), self.scheme.conditions), np.float32)
        asked = next((part for part in where if part.column in self.scheme.categories), None)
        if asked is not None:
            condition[:, self.scheme.condition_start(asked.column) + int(asked.value)] = 1
            return {"latent": latents, "condition": condition}
        columns = random.integers(len(self.scheme.categories), size=len(latents))
        draws = random.uniform(size=len(latents))
        for number, at in enumerate(self.scheme.categories):
            places = np.flatnonzero(columns == number)
            up_to = np.cumsum(self.scheme.columns[at].shares)
            names = np.minimum(np.searchsorted(up_to, draws[places], side="right"), self.scheme.sizes[at] - 1)
            condition[places, self.scheme.condition_start(at) + names] = 1
        return {"latent": latents, "condition": condition}

    def drawer(self) -> keras.Model:
        """Latents, and conditions -> positions and probabilities; see `TableModel.drawer`."""
        numbers = len(self.scheme.numeric)
        inputs = [keras.Input(tensor.shape[1:], name=tensor.name) for tensor in self.generator.inputs]
        parameters = self.sampler(inputs if len(inputs) > 1 else inputs[0])
        chances = ColumnSoftmax(self.scheme.sizes, name="chances")(parameters[:, numbers:])
        if not numbers:
            return keras.Model(inputs, [chances], name="generate")
        places = layers.Activation("tanh", name="places")(parameters[:, :numbers])
        return keras.Model(inputs, [layers.Concatenate(name="row")([places, chances])], name="generate")
