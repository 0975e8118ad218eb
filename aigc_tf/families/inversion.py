"""Inversion: finding a latent for a picture by gradient descent through the decoder."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.data.progress import progress
from aigc_tf.errors import InputError
from aigc_tf.families.tasks import Decodes, Encodes
from aigc_tf.modalities.pictures import as_brightness

DRAWN, KEPT = 500, 4  # samples of the prior, and how many of them, the nearest to a picture, are optimised
RATE = 0.05  # of Adam, in standard deviations of the prior; with cosine decay
PRIOR_WEIGHT = 1e-3  # of the squared distance from the prior's mean, in its deviations, relative to that of brightness


def starts_of(model: Any, images: np.ndarray, seed: int, condition: Any = None) -> np.ndarray:
    """Initial latents, float32 `[starts, count, latent_dim]`.

    Args:
        model: decodes; if it also encodes, the encoding is the only start, otherwise the samples with the nearest
            pictures.
        images: `[count, height, width, channels]` in [0, 1].
        seed: of the samples.
        condition: one for all pictures, if the model takes one.
    """
    if isinstance(model, Encodes):
        return np.asarray(model.encode(images), np.float32)[None]
    latents = model.latents(DRAWN, seed)
    drawn = model.decode(latents, condition).reshape(DRAWN, -1)
    flat = images.reshape(len(images), -1)
    squares = (drawn**2).sum(axis=1) - 2 * flat @ drawn.T
    return latents[np.argsort(squares, axis=1)[:, :KEPT].T]


def drawing_network(model: Any) -> keras.Model:
    """The network from a latent, and a label if conditional, to a picture.

    Raises:
        InputError: the model has none.
    """
    signature = next((each for each in model.signatures().values() if "latent" in each.inputs), None)
    if signature is None or not {"latent", "label"} >= set(signature.inputs):
        raise InputError("the model has no network from a latent to a picture: it cannot be inverted")
    return signature.network


def invert(model: Decodes, images: np.ndarray, steps: int = 300, seed: int = 0, condition: Any = None) -> np.ndarray:
    """Find a latent for each picture whose decoding is near it, float32 `[count, latent_dim]` (Zhu et al. 2016, §3.2).

    Minimises the mean squared difference of brightness, with a weak penalty on the distance from the prior's mean, so
    that the latent remains typical of the prior. Of several starts, the best result is returned.

    Args:
        model: decodes pictures.
        images: `[count, height, width, channels]`, uint8 or in [0, 1].
        steps: number of updates; 0 gives the best start.
        seed: of the starts, if there is no encoder.
        condition: one for all pictures, if the model takes one.

    Raises:
        InputError: the model has no network from a latent to a picture.
    """
    network = drawing_network(model)
    wanted = as_brightness(np.asarray(images))
    starts = starts_of(model, wanted, seed, condition)
    rows = starts.reshape(-1, starts.shape[-1])
    conditions = model.conditions(condition, len(rows))
    given = [] if conditions is None else [tf.constant(conditions)]
    mean, deviation = (tf.constant(part, tf.float32) for part in model.latent_moments())
    deviation = tf.maximum(deviation, 1e-6)
    targets = tf.constant(np.tile(wanted, (len(starts), 1, 1, 1)))
    places = tf.Variable((rows - mean) / deviation)  # in standard deviations of the prior
    adam = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, max(1, steps)))
    adam.build([places])

    def errors() -> tf.Tensor:
        latent = mean + deviation * places
        made = network([latent, *given] if given else latent, training=False)
        return tf.reduce_mean(tf.square(made - targets), axis=(1, 2, 3))

    @tf.function
    def update() -> None:
        with tf.GradientTape() as tape:
            cost = tf.reduce_sum(errors() + PRIOR_WEIGHT * tf.reduce_mean(tf.square(places), axis=1))
        adam.apply_gradients([(tape.gradient(cost, places), places)])

    for _ in progress(range(steps), steps, "inverting"):
        update()
    best = errors().numpy().reshape(len(starts), -1).argmin(axis=0)
    found = (mean + deviation * places).numpy().reshape(starts.shape)
    return found[best, np.arange(len(wanted))]
