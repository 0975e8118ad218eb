"""The straight paths from noise to images that a flow learns, and which points of them it is shown.

At time t in [0, 1] an image x that goes with the noise z has come to `x_t = (1 - t) z + t x`, with the velocity `x - z`
all the way (Liu et al. 2023, eq. 1; Lipman et al. 2023, eq. 20 to 23 without a smallest deviation).
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf
from keras import ops

NEAREST_TRAINED = 0.05
"""1 - t counts as at least so much where a velocity is made of a predicted image in training: there the velocity is a
small difference divided by a small number (Li & He 2025, "Back to Basics", §4)."""
NEAREST = 1e-3
"""The same when pictures are drawn; a step that ends at the image is exact if it is not shorter."""


def between(noise: Any, image: Any, time: Any) -> Any:
    """x_t of noise and images `[batch, ...]` at a time that both can be multiplied with."""
    return (1.0 - time) * noise + time * image


def velocity_of_image(predicted: Any, noisy: Any, left: Any) -> Any:
    """(x - x_t) / (1 - t): the velocity that leads straight to a predicted image in the time `left`, 1 - t."""
    return (predicted - noisy) * (1.0 / left)


def image_of_velocity(velocity: Any, noisy: Any, left: Any) -> Any:
    """Where a velocity leads in the time that is `left`."""
    return noisy + left * velocity


def velocity_error(prediction: str, predicted: Any, noise: Any, image: Any, times: Any) -> Any:
    """The mean squared error of the velocity that a prediction means, of each image: `[batch]`.

    Args:
        prediction: what is predicted, `image` or `velocity`.
        predicted: of noisy images, `[batch, height, width, channels]`.
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
    """Times in [0, 1], `[count]`: the logistic function of normal numbers (Esser et al. 2024, eq. 19).

    One number is drawn, and the batch is spread evenly over the probabilities from there on (Kingma et al. 2021,
    appendix I.1), so that batches differ less in what they are asked.
    """
    places = ops.cast(ops.arange(count), "float32") + keras.random.uniform((), seed=seed)
    return ops.sigmoid(mean + deviation * tf.math.ndtri(places / ops.cast(count, "float32")))
