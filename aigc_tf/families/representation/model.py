"""The base class of self-supervised image encoders."""

from __future__ import annotations

import abc
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.source import Batch
from aigc_tf.families.base import GenerativeModel, Signature, TensorSpec
from aigc_tf.families.latent import outputs_of
from aigc_tf.families.tasks import Encodes
from aigc_tf.modalities.pictures import Pictures, as_brightness, some_of
from aigc_tf.nn.optimizers import scheduled_adam
from aigc_tf.recipes.representations import RepresentationRecipe


class PictureEncoder(Encodes, GenerativeModel):
    """Embeddings of pictures, learnt without labels.

    A subclass sets its networks and `drawing_seed` as attributes before it calls `made`.
    """

    recipe: RepresentationRecipe
    drawing_seed: keras.random.SeedGenerator
    """Seed generator of random draws in training."""
    encoding: keras.Model
    """Brightness `[batch, height, width, channels]` in [0, 1] -> embeddings `[batch, latent_dim]`."""

    def made(self, encoding: keras.Model) -> None:
        """Create the optimizer, after all networks.

        Args:
            encoding: see the attribute.
        """
        self.encoding, self.latent_dim = encoding, encoding.output.shape[-1]
        recipe = self.recipe
        self.adam = scheduled_adam(recipe, self.trainable_variables)
        self.ready()

    @property
    def takes(self) -> Pictures:
        """Pictures of the recipe's size."""
        return Pictures(self.recipe.images)

    @abc.abstractmethod
    def loss_of(self, images: tf.Tensor, seed: Any, training: bool) -> tf.Tensor:
        """The training loss, `[]`.

        Args:
            images: brightness `[batch, height, width, channels]` in [0, 1].
            seed: of random draws: a generator, or an integer for fixed draws.
            training: whether this is a training step.
        """

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the weights on `image`, `[batch, height, width, channels]` in [-1, 1]."""
        weights = self.trainable_variables
        with tf.GradientTape() as tape:
            loss = self.loss_of(0.5 * batch["image"] + 0.5, self.drawing_seed, training=True)
        return {
            "loss": loss,
            "gradient_norm": self.adam.apply(tape.gradient(loss, weights), weights),
            "learning_rate": ops.convert_to_tensor(self.adam.learning_rate),
        }

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """The loss on held-out `image`, with fixed random draws. Changes nothing."""
        return {"loss": self.loss_of(0.5 * batch["image"] + 0.5, 0, training=False)}

    def encode(self, inputs: np.ndarray) -> np.ndarray:
        """Embed pictures `[count, height, width, channels]`, uint8 or in [0, 1]: float32 `[count, latent_dim]`."""
        found: np.ndarray = outputs_of(self.encoding, as_brightness(np.asarray(inputs)))
        return found

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`encode`: picture -> embedding."""
        shape = self.recipe.images.shape

        def examples(count: int, seed: int) -> dict[str, np.ndarray]:
            if source is None:
                return {"image": np.random.default_rng(seed).random((count, *shape), dtype=np.float32)}
            return {"image": some_of(source.train.images, count, seed)}

        def strange(count: int, seed: int) -> dict[str, np.ndarray]:
            return {"image": self.takes.strange(examples(count, seed)["image"], seed)}

        image = {"image": TensorSpec(shape, "height, width, channels; brightness in [0, 1]")}
        vector = {"vector": TensorSpec((self.latent_dim,), "what the picture shows; similar for similar pictures")}
        return {"encode": Signature(self.encoding, image, vector, examples, strange=strange)}
