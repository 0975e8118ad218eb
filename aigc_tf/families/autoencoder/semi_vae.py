"""The semi-supervised variational autoencoder, with a class and a latent."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.classes import ClassNames
from aigc_tf.data.source import Batch
from aigc_tf.families.base import Signature, TensorSpec
from aigc_tf.families.latent import LatentModel, outputs_of
from aigc_tf.families.picture_classifier import PictureClassifier
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.drawing import rows_of
from aigc_tf.modalities.labels import Labels
from aigc_tf.nn.likelihoods import make_likelihood
from aigc_tf.nn.losses import next_symbol_nats
from aigc_tf.nn.optimizers import adam
from aigc_tf.nn.variational import Posterior
from aigc_tf.recipes.semi_vae import SemiVAE as Recipe

PREVIEWED_OF_EACH = 8


class SemiVAE(LatentModel, PictureClassifier):
    """A VAE with class y and classifier q(y | x), p(x, y, z) = p(y) p(z) p(x | y, z) (M2 of Kingma et al. 2014, §2).

    Args:
        recipe: its latent dimension, likelihood, optimizer and seed.
        encoder: images `[batch, height, width, channels]` in [-1, 1] and label -> mean and log variance of the latent.
        decoder: latent and label int32 `[batch]` -> the likelihood's parameters.
        classifier: images in [-1, 1] -> logits `[batch, classes]`.
        classes: their names.
    """

    recipe: Recipe

    def __init__(
        self,
        recipe: Recipe,
        encoder: keras.Model,
        decoder: keras.Model,
        classifier: keras.Model,
        classes: ClassNames,
    ) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.classes, self.latent_dim = recipe, classes, recipe.latent_dim
        self.encoder, self.decoder, self.classifier = encoder, decoder, classifier
        self.likelihood = make_likelihood(recipe.likelihood)
        self.noise_seed = keras.random.SeedGenerator(recipe.seed, name="noise_seed")
        latent = keras.Input((self.latent_dim,), name="latent")
        label = keras.Input((), dtype="int32", name="label")
        image = keras.Input(recipe.images.shape, name="image")
        unit = keras.layers.Rescaling(2.0, -1.0, name="to_unit")(image)
        told = keras.layers.Softmax(name="probabilities")(classifier(unit))
        self.drawing = keras.Model([latent, label], self.likelihood(decoder([latent, label])), name="generate")
        self.classifying = keras.Model(image, told, name="classify")
        self.adam = adam(recipe.optimizer, self.trainable_variables)
        self.ready()

    @property
    def condition(self) -> Labels:
        """The class to generate."""
        return Labels(self.classes)

    # Training.

    def cost_of(self, images: tf.Tensor, labels: tf.Tensor, seed: Any) -> tf.Tensor:
        """Upper bound of -log p(x, y), in nats, `[batch]` (eq. 6), for labelled images in [-1, 1]."""
        posterior = Posterior(*self.encoder([images, labels]))
        latent = posterior.at(keras.random.normal(ops.shape(posterior.mean), seed=seed))
        parameters = self.decoder([latent, labels])
        explained = self.likelihood.log_probability(parameters, 0.5 * images + 0.5)
        return ops.sum(posterior.divergence(), axis=-1) - explained + np.log(len(self.classes.names))

    def cost_without_class(self, images: tf.Tensor, logits: tf.Tensor, seed: Any) -> tf.Tensor:
        """Upper bound of -log p(x), in nats, `[batch]` (eq. 7), marginalised over the classes.

        Args:
            images: `[batch, height, width, channels]` in [-1, 1].
            logits: of their classes, `[batch, classes]`.
            seed: of the noise.
        """
        count, classes = ops.shape(images)[0], len(self.classes.names)
        every = ops.tile(ops.arange(classes, dtype="int32"), (count,))
        costs = ops.reshape(self.cost_of(ops.repeat(images, classes, axis=0), every, seed), (count, classes))
        log_probabilities = ops.log_softmax(logits, axis=-1)
        return ops.sum(ops.exp(log_probabilities) * (costs + log_probabilities), axis=-1)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update all networks (eq. 8 and 9).

        Args:
            batch: `image` and `known_image`, `[batch, height, width, channels]` in [-1, 1], and the `label` of the
                latter, int32 `[batch]`.
        """
        weights = self.trainable_variables
        with tf.GradientTape() as tape:
            logits, of_known = ops.split(self.classifier(ops.concatenate([batch["image"], batch["known_image"]])), 2)
            unknown = ops.mean(self.cost_without_class(batch["image"], logits, self.noise_seed))
            known = ops.mean(self.cost_of(batch["known_image"], batch["label"], self.noise_seed))
            class_loss = ops.mean(next_symbol_nats(of_known, batch["label"]))
            loss = unknown + known + self.recipe.class_weight * class_loss
        gradients = [tf.convert_to_tensor(gradient) for gradient in tape.gradient(loss, weights)]
        return {
            "loss": loss,
            "unknown_loss": unknown,
            "known_loss": known,
            "class_loss": class_loss,
            "gradient_norm": self.adam.apply(gradients, weights),
        }

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """`loss`: the bound of held-out images without their labels, with fixed noise. Changes nothing."""
        images = batch["image"]
        return {"loss": ops.mean(self.cost_without_class(images, self.classifier(images), 0))}

    # Use.

    def decode(self, latents: np.ndarray, condition: Any = None) -> np.ndarray:
        """Decode latents to images; see `LatentModel.decode`."""
        return outputs_of(self.drawing, latents, self.conditions(condition, len(latents)))

    def previews(self, source: Any) -> dict[str, Preview]:
        """Samples: a row for each class, from the same latents."""
        classes = len(self.classes.names)
        latents = np.tile(self.latents(PREVIEWED_OF_EACH, 0), (classes, 1))
        images = self.decode(latents, np.repeat(np.arange(classes), PREVIEWED_OF_EACH))
        return {"samples": rows_of(images.reshape(classes, PREVIEWED_OF_EACH, *images.shape[1:]))}

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`generate` and `classify`."""

        def examples(count: int, seed: int) -> dict[str, np.ndarray]:
            return {"latent": self.latents(count, seed), "label": self.conditions(None, count)}

        inputs = {
            "latent": TensorSpec((self.latent_dim,), "independent standard normal numbers"),
            "label": TensorSpec((), "number of the class, from 0", "int32", tuple(self.classes.names)),
        }
        image = {"image": TensorSpec(self.recipe.images.shape, "height, width, channels; brightness in [0, 1]")}
        generate = Signature(self.drawing, inputs, image, examples)
        return {"generate": generate, "classify": self.classify_signature(source)}

    def export_metadata(self) -> dict[str, Any]:
        """The names of the classes."""
        return super().export_metadata() | {"classes": self.classes.names}
