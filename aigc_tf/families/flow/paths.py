"""The straight paths from noise to images that a flow learns, and the distribution of training times.

At time t in [0, 1] the path from noise z to an image x is at `x_t = (1 - t) z + t x`, with constant velocity `x - z`
(Liu et al. 2023, eq. 1; Lipman et al. 2023, eq. 20 to 23 with a smallest deviation of 0).
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops

NEAREST_TRAINED = 0.05
"""Lower bound on 1 - t for converting a predicted image to a velocity in training, where the velocity would be a small
difference divided by a small number (Li & He 2025, "Back to Basics", §4)."""
NEAREST = 1e-3
"""The same for sampling; a step that ends at the image is exact if it is not shorter."""


def between(noise: Any, image: Any, time: Any) -> Any:
    """x_t from noise and images `[batch, ...]`, at a time that broadcasts with both."""
    return (1.0 - time) * noise + time * image


def velocity_of_image(predicted: Any, noisy: Any, left: Any) -> Any:
    """(x - x_t) / (1 - t): the velocity towards a predicted image in the remaining time `left`, 1 - t."""
    return (predicted - noisy) * (1.0 / left)


def image_of_velocity(velocity: Any, noisy: Any, left: Any) -> Any:
    """The image that a velocity leads to in the remaining time `left`."""
    return noisy + left * velocity


def velocity_error(prediction: str, predicted: Any, noise: Any, image: Any, times: Any) -> Any:
    """Mean squared error of the velocity from a prediction, for each image: `[batch]`.

    Args:
        prediction: what the network predicts, `image` or `velocity`.
        predicted: its predictions, `[batch, height, width, channels]`.
        noise: of the same shape.
        image: of the same shape.
        times: `[batch]`.
    """
    if prediction == "velocity":
        error = predicted - (image - noise)
    else:
        left = ops.maximum(1.0 - ops.reshape(times, (-1, 1, 1, 1)), NEAREST_TRAINED)
        error = (predicted - image) / left
    return ops.mean(ops.square(error), axis=(1, 2, 3))


def logit_normal(count: tf.Tensor, mean: float, deviation: float, seed: keras.random.SeedGenerator) -> tf.Tensor:
    """Logit-normal times in [0, 1], `[count]` (Esser et al. 2024, eq. 19).

    Stratified: from one random offset, the batch is spread evenly over the quantiles (Kingma et al. 2021, appendix
    I.1), so that batches differ less.
    """
    places = ops.cast(ops.arange(count), "float32") + keras.random.uniform((), seed=seed)
    return ops.sigmoid(mean + deviation * tf.math.ndtri(places / ops.cast(count, "float32")))
