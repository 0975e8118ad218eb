"""The flow under differential privacy."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from aigc_tf.families.flow.model import FlowModel
from aigc_tf.families.flow.paths import between, velocity_error
from aigc_tf.families.latent import update_average
from aigc_tf.families.private.training import PrivateTraining
from aigc_tf.privacy.accounting import Guarantee
from aigc_tf.privacy.gradients import Traced
from aigc_tf.privacy.optimizer import mean
from aigc_tf.recipes.flows import FlowRecipe


class PrivateFlow(PrivateTraining, FlowModel):
    """A flow trained with DP-SGD on each image's error (Dockhorn et al. 2023, algorithm 1).

    Noise and time of an image are independent of other images: there is no coupling, and times are not stratified over
    the batch.

    Args:
        recipe: as for `FlowModel`, with independent coupling.
        predictor: as for `FlowModel`, of layers that `aigc_tf.privacy.gradients.Traced` takes.
        guarantee: the privacy guarantee and its mechanism.
    """

    def __init__(self, recipe: FlowRecipe, predictor: keras.Model, guarantee: Guarantee) -> None:
        super().__init__(recipe, predictor)
        self.traced = Traced(predictor)
        self.promise(guarantee, self.adam, recipe.seed ^ 2)

    def times(self, count: tf.Tensor) -> tf.Tensor:
        """Independent times."""
        settings = self.recipe.times
        return ops.sigmoid(settings.mean + settings.deviation * keras.random.normal((count,), seed=self.time_seed))

    def train_step(self, batches: Any) -> dict[str, tf.Tensor]:
        """Update the network on one batch of `image`, `[any, height, width, channels]` in [-1, 1]."""
        images = batches[0]["image"]
        noise = keras.random.normal(ops.shape(images), seed=self.latent_seed)
        times = self.times(ops.shape(images)[0])
        noisy = between(noise, images, ops.reshape(times, (-1, 1, 1, 1)))
        with tf.GradientTape() as tape:
            (predicted,), passages = self.traced([noisy, times])
            losses = velocity_error(self.recipe.prediction, predicted, noise, images, times)
        watched = self.moved(tape, losses, passages, self.traced.weights)
        # The expected batch size, since the actual one would reveal something about single images.
        batch, steps = tf.constant(self.guarantee.expected_batch), self.adam.iterations
        update_average(self.used, self.predictor, batch, steps, self.recipe.average_images)
        return {"loss": mean(losses), **watched}
