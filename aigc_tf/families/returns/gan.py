"""The Wasserstein GAN of returns, with a gradient penalty."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.series.source import Scaling
from aigc_tf.data.source import Batch
from aigc_tf.families.base import Signature, TensorSpec
from aigc_tf.families.latent import averaged, update_average
from aigc_tf.families.returns.model import ReturnModel
from aigc_tf.families.returns.networks import DAILY
from aigc_tf.families.wasserstein import WassersteinPlayers
from aigc_tf.nn.critics import wasserstein_generator_loss
from aigc_tf.nn.optimizers import adam
from aigc_tf.recipes.returns_gan import ReturnsGAN as Recipe


class ReturnsGAN(WassersteinPlayers, ReturnModel):
    """A generator of windows and a critic.

    Args:
        recipe: its optimizers, penalty and seed.
        generator: latents and noise of each day -> standardised returns `[batch, length, 1]`.
        critic: standardised returns -> scores `[batch, 1]`.
        scaling: of the returns.
    """

    recipe: Recipe

    def __init__(self, recipe: Recipe, generator: keras.Model, critic: keras.Model, scaling: Scaling) -> None:
        super().__init__(recipe, scaling)
        self.generator, self.critic = generator, critic
        self.sampler = averaged(generator, recipe.average_windows)
        self.latent_seed = keras.random.SeedGenerator(recipe.seed, name="latent_seed")
        self.penalty_seed = keras.random.SeedGenerator(recipe.seed ^ 1, name="penalty_seed")
        self.generator_adam = adam(recipe.generator_optimizer, generator.trainable_variables)
        self.critic_adam = adam(recipe.critic_optimizer, critic.trainable_variables)
        self.ready()

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the critic as often as the recipe says, then the generator.

        Args:
            batch: `series`, standardised windows `[critic_steps * batch, length, 1]`.
        """
        for real in tf.split(batch["series"], self.recipe.critic_steps):
            critic_loss, penalty = self.critic_step(real, self.fakes(ops.shape(real)[0]))
        weights, count = self.generator.trainable_variables, ops.shape(real)[0]
        with tf.GradientTape() as tape:
            loss = wasserstein_generator_loss(self.critic(self.fakes(count), training=True))
        norm = self.generator_adam.apply(tape.gradient(loss, weights), weights)
        horizon = self.recipe.average_windows
        update_average(self.sampler, self.generator, count, self.generator_adam.iterations, horizon)
        return {
            "generator_loss": loss,
            "critic_loss": critic_loss,
            "penalty": penalty,
            "generator_gradient_norm": norm,
        }

    def fakes(self, count: Any) -> tf.Tensor:
        """Generated windows in training, standardised."""
        latent = keras.random.normal((count, self.recipe.latent_dim), seed=self.latent_seed)
        noise = keras.random.normal((count, self.length, DAILY), seed=self.latent_seed)
        return self.generator([latent, noise], training=True)

    def normal(self, count: int, random: np.random.Generator) -> dict[str, np.ndarray]:
        """`latent` and `noise`."""
        shapes = {"latent": (count, self.recipe.latent_dim), "noise": (count, self.length, DAILY)}
        return {name: random.standard_normal(shape, dtype=np.float32) for name, shape in shapes.items()}

    def windows_of(self, outputs: dict[str, np.ndarray], random: np.random.Generator) -> np.ndarray:
        """Windows in percent."""
        del random
        return self.scaling.restore(outputs["returns"])

    def drawer(self) -> keras.Model:
        """Latents and noise -> standardised returns."""
        inputs = [keras.Input(tensor.shape[1:], name=tensor.name) for tensor in self.generator.inputs]
        return keras.Model(inputs, [self.sampler(inputs)], name="generate")

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`generate`: normal noise -> returns."""

        def examples(count: int, seed: int) -> dict[str, np.ndarray]:
            return self.normal(count, np.random.default_rng(seed))

        words = "independent standard normal numbers"
        inputs = {
            "latent": TensorSpec((self.recipe.latent_dim,), f"{words} of the window"),
            "noise": TensorSpec((self.length, DAILY), f"{words} of each day"),
        }
        outputs = {"returns": TensorSpec((self.length, 1), "standardised daily log returns")}
        return {"generate": Signature(self.drawer(), inputs, outputs, examples)}
