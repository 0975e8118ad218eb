"""The semi-supervised GAN, whose discriminator is a classifier trained with few labels."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.data.classes import ClassNames
from aigc_tf.data.source import Batch
from aigc_tf.families.base import Signature
from aigc_tf.families.gan.model import GAN
from aigc_tf.families.gan.networks.semi import CLASSES, FEATURES
from aigc_tf.families.picture_classifier import PictureClassifier
from aigc_tf.nn import replicas
from aigc_tf.nn.losses import next_symbol_nats
from aigc_tf.recipes.semi_gan import SemiGAN as Recipe


class SemiGAN(GAN, PictureClassifier):
    """A generator of images, and a discriminator of K classes and generated images.

    The generator is trained by feature matching (Salimans et al. 2016, §3.1).

    Args:
        recipe: as for `GAN`.
        generator: latent `[batch, latent_dim]` -> images `[batch, height, width, channels]` in [-1, 1].
        discriminator: images -> logits of being real `[batch, 1]`; see `networks.semi`.
        classes: their names.
    """

    recipe: Recipe

    def __init__(self, recipe: Recipe, generator: keras.Model, discriminator: keras.Model, classes: ClassNames) -> None:
        super().__init__(recipe, generator, discriminator)
        self.classes = classes
        inner = [discriminator.get_layer(name).output for name in (FEATURES, CLASSES)]
        self.seen = keras.Model(discriminator.input, [*inner, discriminator.output], name="seen")
        image = keras.Input(recipe.images.shape, name="image")
        scores = keras.Model(discriminator.input, inner[1], name="scores")
        told = scores(keras.layers.Rescaling(2.0, -1.0, name="to_unit")(image))
        self.classifying = keras.Model(image, keras.layers.Softmax(name="probabilities")(told), name="classify")

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update both networks.

        Args:
            batch: `image` and `known_image`, real ones `[batch, height, width, channels]` in [-1, 1], and the `label`
                of the latter, int32 `[batch]`.
        """
        real, count = batch["image"], ops.shape(batch["image"])[0]
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            fake = self.fakes(count, ())
            every = ops.concatenate([real, fake, batch["known_image"]])
            features, scores, logits = (ops.split(part, 3) for part in self.seen(every, training=True))
            game = self.discriminator_loss(*logits[:2])
            known = ops.mean(next_symbol_nats(scores[2], batch["label"]))
            discriminator_cost = game + self.recipe.class_weight * known
            seen, wanted = replicas.mean([ops.mean(part, axis=0) for part in (features[1], features[0])])
            gap = seen - ops.stop_gradient(wanted)
            generator_cost = ops.mean(ops.square(gap))
        generator_weights, weights = self.generator.trainable_variables, self.discriminator.trainable_variables
        generator_gradients = generator_tape.gradient(generator_cost, generator_weights)
        gradients = discriminator_tape.gradient(discriminator_cost, weights)
        generator_norm = self.generator_optimizer.apply(generator_gradients, generator_weights)
        norm = self.discriminator_optimizer.apply(gradients, weights)
        self.update_sampler(count)
        return {
            "generator_loss": generator_cost,
            "discriminator_loss": game,
            "class_loss": known,
            **self.answers(*logits[:2]),
            "generator_gradient_norm": generator_norm,
            "discriminator_gradient_norm": norm,
        }

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """`loss`: cross-entropy of held-out labels, in nats per image. Changes nothing."""
        scores = self.seen(batch["image"], training=False)[1]
        return {"loss": ops.mean(next_symbol_nats(scores, batch["label"]))}

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`generate` and `classify`."""
        return super().signatures(source) | {"classify": self.classify_signature(source)}

    def export_metadata(self) -> dict[str, Any]:
        """The names of the classes."""
        return super().export_metadata() | {"classes": self.classes.names}
