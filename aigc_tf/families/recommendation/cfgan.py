"""CFGAN (Chae et al. 2018), a GAN for collaborative filtering."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.data.ratings.items import Items
from aigc_tf.data.source import Batch
from aigc_tf.families.recommendation.model import Recommender
from aigc_tf.nn.losses import discriminator_loss, non_saturating_generator_loss
from aigc_tf.nn.optimizers import adam
from aigc_tf.recipes.cfgan import CFGAN


class CollaborativeGAN(Recommender):
    """A generator of vectors of likes, and a discriminator conditioned on the user.

    Args:
        recipe: of the model.
        generator: liked items `[batch, items]` -> logits `[batch, items]`; their sigmoids are the vector.
        discriminator: liked items and a vector, `[batch, items]` each -> logits `[batch, 1]`.
        items: all items.
    """

    recipe: CFGAN

    def __init__(self, recipe: CFGAN, generator: keras.Model, discriminator: keras.Model, items: Items) -> None:
        super().__init__(recipe, generator, items)
        self.generator, self.discriminator = generator, discriminator
        self.adam = self.optimizer_of(self.learning["optimizer"])
        weights = self.learning["discriminator_optimizer"]
        self.discriminator_adam = adam(recipe.discriminator_optimizer, weights, weight_decay=recipe.weight_decay)
        self.ready()

    @property
    def learning(self) -> dict[str, list[keras.Variable]]:
        """The generator's weights, and the discriminator's."""
        return {
            "optimizer": self.generator.trainable_variables,
            "discriminator_optimizer": self.discriminator.trainable_variables,
        }

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """The optimizers of generator and discriminator."""
        return {"optimizer": self.adam, "discriminator_optimizer": self.discriminator_adam}

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the discriminator, then the generator, on `liked`, ones and zeros `[batch, items]`."""
        liked, recipe = batch["liked"], self.recipe
        seen = liked * (1 - self.hidden(liked, recipe.dropout))
        for _ in range(recipe.discriminator_steps):
            told = self.tell(liked, seen)
        mask = self.mask(liked)
        zeros = ops.cast(batch["rated"] == 0, "float32") * self.hidden(liked, recipe.zeros)
        weights = self.learning["optimizer"]
        with tf.GradientTape() as tape:
            vector = ops.sigmoid(self.generator(seen, training=True))
            game = non_saturating_generator_loss(self.discriminator([seen, vector * mask], training=False))
            squares = ops.mean(ops.sum(ops.square(vector) * zeros, axis=-1))
            loss = game + recipe.zero_weight * squares
        norm = self.adam.apply(tape.gradient(loss, weights), weights)
        self.average(liked, self.adam.iterations)
        return {
            "loss": loss,
            "generator_loss": game,
            "discriminator_loss": told,
            "zero_reconstruction": squares,
            "gradient_norm": norm,
        }

    def mask(self, liked: tf.Tensor) -> tf.Tensor:
        """The discriminator's mask: 1 for liked items and for some of the others, 0 for the rest (eq. 5)."""
        return liked + (1 - liked) * self.hidden(liked, self.recipe.masked)

    def tell(self, liked: tf.Tensor, seen: tf.Tensor) -> Any:
        """Update the discriminator on real and generated vectors; returns its loss."""
        vector = ops.sigmoid(self.generator(seen, training=False)) * self.mask(liked)
        weights = self.learning["discriminator_optimizer"]
        with tf.GradientTape() as tape:
            real, made = (self.discriminator([seen, one], training=True) for one in (liked, vector))
            loss = discriminator_loss(real, made)
        self.discriminator_adam.apply(tape.gradient(loss, weights), weights)
        return loss
