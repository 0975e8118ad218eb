"""A multi-task autoencoder, whose encoder is shared with a classifier."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.data.classes import ClassNames
from aigc_tf.data.source import Batch
from aigc_tf.families.autoencoder.hardening import hardened
from aigc_tf.families.autoencoder.model import Autoencoder
from aigc_tf.families.base import Signature
from aigc_tf.families.latent import averaged, update_average
from aigc_tf.families.picture_classifier import TellsPictures
from aigc_tf.nn.losses import next_symbol_nats
from aigc_tf.recipes.multi_task import MultiTask as Recipe


class MultiTask(TellsPictures, Autoencoder):
    """One encoder with two heads and a weighted sum of losses (hard parameter sharing, Caruana 1997, §1).

    Args:
        recipe: the loss weights, and the settings of all autoencoders.
        encoder: images `[batch, height, width, channels]` in [-1, 1] -> latents `[batch, latent_dim]`.
        decoder: latents -> the likelihood's parameters `[batch, height, width, parameters]`.
        classifier: latents -> logits `[batch, classes]`.
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
        # First, since the base constructor needs the trainable weights.
        self.classes, self.classifier = classes, classifier
        self.used_classifier = averaged(classifier, recipe.average_images)
        super().__init__(recipe, encoder, decoder)
        image = keras.Input(self.image_shape, name="image")
        told = keras.layers.Softmax(name="probabilities")(self.used_classifier(self.encoding(image)))
        self.classifying = keras.Model(image, told, name="classify")

    @property
    def learning(self) -> list[keras.Variable]:
        """The weights of the encoder and of the heads whose losses have a weight."""
        heads = [self.decoder, self.likelihood] if self.recipe.reconstruction_weight else []
        heads += [self.classifier] if self.recipe.class_weight else []
        return [part for layer in (self.encoder, *heads) for part in layer.trainable_variables]

    # Training.

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the encoder and both heads.

        Args:
            batch: `image` and `known_image`, `[batch, height, width, channels]` in [-1, 1], and the `label` of the
                latter, int32 `[batch]`.
        """
        images = batch["image"]
        clean = self.targets(0.5 * images + 0.5, self.corruption_seed)
        inputs = hardened(self, 2.0 * self.corrupted(clean, self.corruption_seed) - 1.0, clean)
        losses: dict[str, tf.Tensor] = {}
        with tf.GradientTape() as tape:
            if self.recipe.class_weight:
                latent = self.encoder(batch["known_image"], training=True)
                losses["class_loss"] = self.class_loss(self.classifier(latent, training=True), batch["label"])
            if self.recipe.reconstruction_weight:
                latent = self.encoder(inputs, training=True)
                losses["reconstruction_loss"] = self.reconstruction_loss(self.decoder(latent, training=True), clean)
            loss = self.weighted(losses)
        norm = self.adam.apply(tape.gradient(loss, self.learning), self.learning)
        fitted = self.after_step(ops.shape(images)[0], latent)
        return {"loss": loss, **losses, "gradient_norm": norm, **self.watch(latent, latent), **fitted}

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Losses on held-out `image` and `label` in nats per image, with fixed noise. Changes nothing."""
        clean = self.targets(0.5 * batch["image"] + 0.5, 2)
        latent = self.used_encoder(2.0 * self.corrupted(clean, 0) - 1.0, training=False)
        losses = {
            "class_loss": self.class_loss(self.used_classifier(latent, training=False), batch["label"]),
            "reconstruction_loss": self.reconstruction_loss(self.used_decoder(latent, training=False), clean),
        }
        return {"loss": self.weighted(losses), **losses, **self.watch(latent, latent)}

    def class_loss(self, logits: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        """Cross-entropy of the classes, in nats per image."""
        return ops.mean(next_symbol_nats(logits, labels))

    def reconstruction_loss(self, parameters: tf.Tensor, clean: tf.Tensor) -> tf.Tensor:
        """-log p of images in [0, 1], in nats per image."""
        return -ops.mean(self.likelihood.log_probability(parameters, clean))

    def weighted(self, losses: dict[str, tf.Tensor]) -> tf.Tensor:
        """The weighted sum of the losses, without heads of weight 0."""
        weights = {"class_loss": self.recipe.class_weight, "reconstruction_loss": self.recipe.reconstruction_weight}
        return sum(weights[name] * value for name, value in losses.items() if weights[name])

    def after_step(self, batch: tf.Tensor, latent: tf.Tensor) -> dict[str, tf.Tensor]:
        """Update the EMA, including the classifier's; see `Autoencoder.after_step`."""
        update_average(self.used_classifier, self.classifier, batch, self.adam.iterations, self.recipe.average_images)
        return super().after_step(batch, latent)

    # Use.

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """Those of the Autoencoder, and `classify`."""
        given = super().signatures(source)
        like = given["reconstruct"]
        return {**given, "classify": self.telling(like.examples, like.strange)}

    def export_metadata(self) -> dict[str, Any]:
        """The names of the classes."""
        return super().export_metadata() | {"classes": self.classes.names}
