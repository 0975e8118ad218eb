"""The mean flow: a network that knows how far it will go, and so needs one evaluation for a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.source import Batch
from aigc_tf.families.base import TensorSpec
from aigc_tf.families.flow.following import Ask
from aigc_tf.families.flow.model import FlowModel
from aigc_tf.families.flow.paths import NEAREST_TRAINED, between, velocity_of_image
from aigc_tf.families.flow.samplers import schedule
from aigc_tf.families.pages import Panel
from aigc_tf.recipes import mean_flow

LAST_TRAINED = 1.0 - NEAREST_TRAINED
SOFTENING = 1e-3


class MeanFlow(FlowModel):
    """A flow whose network predicts the mean velocity until a later time (Geng et al. 2025, "Mean Flows").

    The paper's time goes from image to noise; here it goes from noise, 0, to image, 1.

    Args:
        recipe: as for `FlowModel`, and how often the later time is another one.
        predictor: as for `FlowModel`; the last input is how far the later time is ahead, `[batch]`.
    """

    recipe: mean_flow.MeanFlow

    def __init__(self, recipe: mean_flow.MeanFlow, predictor: keras.Model) -> None:
        super().__init__(recipe, predictor)
        self.ahead_seed = keras.random.SeedGenerator(recipe.seed ^ 3, name="ahead_seed")

    def told(self, batch: Batch) -> list[tf.Tensor]:
        """Uniform numbers, of which `losses` makes later times."""
        return [keras.random.uniform((ops.shape(batch["image"])[0], 2), seed=self.ahead_seed)]

    def told_all(self, batch: Batch) -> list[tf.Tensor]:
        """The same ones always."""
        return [keras.random.uniform((ops.shape(batch["image"])[0], 2), seed=1)]

    def losses(
        self,
        network: keras.Model,
        noise: tf.Tensor,
        images: tf.Tensor,
        times: tf.Tensor,
        told: Sequence[tf.Tensor],
        training: bool,
    ) -> tf.Tensor:
        """The error of each mean velocity, weighted by itself (Geng et al. 2025, eq. 9 to 11 and 22): `[batch]`.

        The mean velocity u until the later time s obeys u = v + (s - t) du/dt: what is learnt is the right side, with
        the derivative along the path by forward-mode differentiation.
        """
        (uniform,) = told
        times = ops.minimum(times, LAST_TRAINED)
        other = uniform[:, 0] < self.recipe.other_times
        ahead = ops.where(other, uniform[:, 1] * (1.0 - times), 0.0)
        time = ops.reshape(times, (-1, 1, 1, 1))
        noisy, velocity = between(noise, images, time), images - noise
        # The later time stays where it is while t goes on.
        path = [noisy, times, ahead], [velocity, ops.ones_like(times), -ops.ones_like(times)]
        with tf.autodiff.ForwardAccumulator(*path) as derivative:
            change = derivative.jvp(self.mean_velocity(network, noisy, times, ahead, training))
        wanted = velocity + ops.reshape(ahead, (-1, 1, 1, 1)) * change
        # Apart from the derivative: eager tapes see no weights inside it.
        mean = self.mean_velocity(network, noisy, times, ahead, training)
        error = ops.mean(ops.square(mean - ops.stop_gradient(wanted)), axis=(1, 2, 3))
        return error / ops.stop_gradient(error + SOFTENING)

    def mean_velocity(
        self, network: keras.Model, noisy: tf.Tensor, times: tf.Tensor, ahead: tf.Tensor, training: bool
    ) -> tf.Tensor:
        """u of noisy images at their times until later ones, of the images' shape."""
        predicted = network([noisy, times, ahead], training=training)
        if self.recipe.prediction == "velocity":
            return predicted
        return velocity_of_image(predicted, noisy, ops.reshape(1.0 - times, (-1, 1, 1, 1)))

    def further(self, told: Any, everywhere: Callable[..., Any]) -> list[Any]:
        """How far the next time is ahead."""
        return [everywhere(told)]

    def guided(self, ask: Ask, options: Any) -> Ask:
        """The network is told how long the step is."""
        times = schedule(options.evaluations)

        def told(noisy: Any, time: float, condition: Any) -> Any:
            del condition
            return ask(noisy, time, next(after for after in times if after > time) - time)

        return told

    def examples_told(self, count: int, seed: int) -> dict[str, np.ndarray]:
        """Steps of all lengths."""
        return {"ahead": np.random.default_rng((seed, 1)).random(count, dtype=np.float32)}

    def further_specs(self) -> dict[str, TensorSpec]:
        """How far the next time is ahead."""
        return {"ahead": TensorSpec((), "length of the step, in [0, 1 - time]")}

    def page(self, source: Any = None) -> list[Panel]:
        """It draws at once."""
        del source
        return [self.drawing_panel("generate")]
