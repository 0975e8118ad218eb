"""The unconditional flow, which also encodes pictures to noise and computes their likelihood."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.families.flow.editing import EditingFlow
from aigc_tf.families.flow.following import velocities
from aigc_tf.families.flow.likelihood import LAST, bits_per_dimension, log_density
from aigc_tf.families.flow.samplers import adams_bashforth, schedule
from aigc_tf.families.latent import GENERATION_BATCH
from aigc_tf.families.tasks import Encodes, Scores
from aigc_tf.modalities.pictures import as_brightness

ENCODING_STEPS, LIKELIHOOD_STEPS = 20, 16


class Flow(EditingFlow, Encodes, Scores):
    """An unconditional flow of pictures."""

    score_meaning = (
        "how unlikely the picture is, in bits per dimension: the negative logarithm of its density, estimated with one "
        "random vector and uniform dequantisation, the same for all pictures"
    )

    def encode(self, inputs: np.ndarray) -> np.ndarray:
        """Encode pictures to noise by solving the ODE backwards: float32 `[count, latent_dim]`.

        Args:
            inputs: `[count, height, width, channels]`, uint8 or in [0, 1].
        """
        velocity, parts = velocities(self.ask, None, self.recipe.prediction), []
        times = [LAST * time for time in schedule(ENCODING_STEPS)][::-1]
        for start in range(0, len(inputs), GENERATION_BATCH):
            images = 2.0 * as_brightness(np.asarray(inputs[start : start + GENERATION_BATCH])) - 1.0
            *_, noise = adams_bashforth(velocity, (LAST * images).astype(np.float32), times)
            parts.append(noise.reshape(len(images), -1))
        return np.concatenate(parts).astype(np.float32)

    def score(self, inputs: np.ndarray) -> np.ndarray:
        """Bits per dimension of pictures: float32 `[count]`.

        An upper bound for their grey levels, in expectation over the dequantisation (Theis et al. 2016, §3.1), and over
        the random vector of the trace estimator (Grathwohl et al. 2019, eq. 7).

        Args:
            inputs: `[count, height, width, channels]`, uint8 or in [0, 1].
        """
        return bits_per_dimension(self.log_densities(inputs, 0), self.latent_dim).astype(np.float32)

    def log_densities(self, inputs: np.ndarray, seed: int, steps: int = LIKELIHOOD_STEPS) -> np.ndarray:
        """Log densities of pictures in nats, with brightness in [-1, 1]: float64 `[count]`; all share the same noise.

        Args:
            inputs: `[count, height, width, channels]`, uint8 or in [0, 1].
            seed: of the dequantisation, uniform over a grey level, and of the random vector.
            steps: of the solver.
        """
        random = np.random.default_rng(seed)
        shift = (random.random(self.latent_dim) - 0.5) * 2 / 255
        probe = tf.constant(random.choice([-1.0, 1.0], self.latent_dim).reshape(1, *self.state_shape), tf.float32)

        def predict(state: np.ndarray, time: float) -> tuple[np.ndarray, np.ndarray]:
            noisy = state.astype(np.float32).reshape(-1, *self.state_shape)
            predicted, divergence = self._with_divergence(noisy, np.float32(time), probe)
            return predicted.numpy().reshape(state.shape), divergence.numpy()

        parts = [np.zeros(0)]
        for start in range(0, len(inputs), GENERATION_BATCH):
            images = 2.0 * as_brightness(np.asarray(inputs[start : start + GENERATION_BATCH])) - 1.0
            parts.append(log_density(predict, images.reshape(len(images), -1) + shift, steps))
        return np.concatenate(parts)

    @cached_property
    def _with_divergence(self) -> Any:
        """Noisy images, their time and a random vector v of -1 and 1 -> predicted images, and vᵀ(∂x̂/∂x)v."""
        shape = (None, *self.state_shape)
        specs = [tf.TensorSpec(shape), tf.TensorSpec(()), tf.TensorSpec((1, *self.state_shape))]

        @tf.function(input_signature=specs, autograph=False)
        def answer(noisy: tf.Tensor, time: tf.Tensor, probe: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            with tf.GradientTape() as tape:
                tape.watch(noisy)
                predicted = self.used([noisy, tf.fill(tf.shape(noisy)[:1], time)], training=False)
                if self.recipe.prediction == "velocity":
                    predicted = noisy + (1.0 - time) * predicted
                along = tf.reduce_sum(predicted * probe)
            return predicted, tf.reduce_sum(tape.gradient(along, noisy) * probe, axis=(1, 2, 3))

        return answer
