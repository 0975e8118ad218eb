"""The mean flow: the network is conditioned on the step length, so that one evaluation gives a picture."""

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
    """A flow whose network predicts the mean velocity up to a later time (Geng et al. 2025, "Mean Flows").

    The paper's time goes from image to noise; here it goes from noise, 0, to image, 1.

    Args:
        recipe: as for `FlowModel`, and how often the later time differs.
        predictor: as for `FlowModel`; the last input is the distance to the later time, `[batch]`.
    """

    recipe: mean_flow.MeanFlow

    def __init__(self, recipe: mean_flow.MeanFlow, predictor: keras.Model) -> None:
        super().__init__(recipe, predictor)
        self.ahead_seed = keras.random.SeedGenerator(recipe.seed ^ 3, name="ahead_seed")

    def told(self, batch: Batch) -> list[tf.Tensor]:
        """Uniform numbers, from which `losses` computes later times."""
        return [keras.random.uniform((ops.shape(batch["image"])[0], 2), seed=self.ahead_seed)]

    def told_all(self, batch: Batch) -> list[tf.Tensor]:
        """Fixed ones."""
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
        """Adaptively weighted error of each mean velocity (Geng et al. 2025, eq. 9 to 11 and 22): `[batch]`.

        The mean velocity u until the later time s obeys u = v + (s - t) du/dt: the target is the right side, with the
        derivative along the path by forward-mode differentiation.
        """
        (uniform,) = told
        times = ops.minimum(times, LAST_TRAINED)
        other = uniform[:, 0] < self.recipe.other_times
        ahead = ops.where(other, uniform[:, 1] * (1.0 - times), 0.0)
        time = ops.reshape(times, (-1, 1, 1, 1))
        noisy, velocity = between(noise, images, time), images - noise
        # The later time stays fixed while t increases.
        path = [noisy, times, ahead], [velocity, ops.ones_like(times), -ops.ones_like(times)]
        with tf.autodiff.ForwardAccumulator(*path) as derivative:
            change = derivative.jvp(self.mean_velocity(network, noisy, times, ahead, training))
        wanted = velocity + ops.reshape(ahead, (-1, 1, 1, 1)) * change
        # Separate from the derivative, inside which eager tapes see no weights.
        mean = self.mean_velocity(network, noisy, times, ahead, training)
        error = ops.mean(ops.square(mean - ops.stop_gradient(wanted)), axis=(1, 2, 3))
        return error / ops.stop_gradient(error + SOFTENING)

    def mean_velocity(
        self, network: keras.Model, noisy: tf.Tensor, times: tf.Tensor, ahead: tf.Tensor, training: bool
    ) -> tf.Tensor:
        """Mean velocity u of noisy images from their times to later ones, of the images' shape."""
        predicted = network([noisy, times, ahead], training=training)
        if self.recipe.prediction == "velocity":
            return predicted
        return velocity_of_image(predicted, noisy, ops.reshape(1.0 - times, (-1, 1, 1, 1)))

    def further(self, told: Any, everywhere: Callable[..., Any]) -> list[Any]:
        """The distance to the next time."""
        return [everywhere(told)]

    def guided(self, ask: Ask, options: Any) -> Ask:
        """Condition the network on the length of the step."""
        times = schedule(options.evaluations)

        def told(noisy: Any, time: float, condition: Any) -> Any:
            del condition
            return ask(noisy, time, next(after for after in times if after > time) - time)

        return told

    def examples_told(self, count: int, seed: int) -> dict[str, np.ndarray]:
        """Random step lengths."""
        return {"ahead": np.random.default_rng((seed, 1)).random(count, dtype=np.float32)}

    def further_specs(self) -> dict[str, TensorSpec]:
        """The distance to the next time."""
        return {"ahead": TensorSpec((), "length of the step, in [0, 1 - time]")}

    def page(self, source: Any = None) -> list[Panel]:
        """A panel that generates in one call."""
        del source
        return [self.drawing_panel("generate")]
