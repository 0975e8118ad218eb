"""The small feature network: layers, training, and files.

It may be trained in the middle of a user's training run, so all randomness comes from seeds given here; the global
random states of Python, NumPy, TensorFlow and Keras are neither read nor changed.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aigc_tf.errors import InputError, say
from aigc_tf.storage.archives import ArchiveError, read_arrays
from aigc_tf.storage.files import write_atomically, write_text

ARCHITECTURE_VERSION = 1  # part of every cached file's name: raise it whenever layers or training change
FEATURES = 64
EPOCHS = 6
BATCH_SIZE = 128
MIN_STEPS, MAX_STEPS = 600, 3000  # small sources need more epochs, large ones fewer
LEARNING_RATE = 2e-3
DROPOUT = 0.3
SEED = 2024
_LARGEST_SIDE = 64  # larger images are downsampled first: at 256 pixels training would take hours
_TIMED_STEPS = 3  # after the first, which compiles; used to estimate the total time
_REPORT_SECONDS = 10

Batches = Iterator[tuple[np.ndarray, np.ndarray]]


def shrink_factor(shape: tuple[int, int, int]) -> int:
    """Downsampling factor before the first layer, by averaging over squares; 1 for none."""
    return -(-max(shape[:2]) // _LARGEST_SIDE)


def build(shape: tuple[int, int, int], classes: int, seed: int = SEED) -> keras.Model:
    """Images `[n, height, width, channels]` in [-1, 1] -> features `[n, 64]` >= 0, logits `[n, classes]`.

    3x3 convolutions, one of stride 1 and one of stride 2 at each resolution, until no side is above 8. The map is then
    average-pooled to at most 2x2, which keeps coarse positions.
    """
    images = keras.Input(shape, dtype="float32", name="images")
    x = images
    factor = shrink_factor(shape)
    if factor > 1:
        x = layers.AveragePooling2D(factor, padding="same", name="shrink", dtype="float32")(x)
    for index, (filters, strides) in enumerate(_convolutions(-(-max(shape[:2]) // factor)), start=1):
        x = layers.Conv2D(
            filters,
            3,
            strides,
            padding="same",
            use_bias=False,
            kernel_initializer=keras.initializers.GlorotUniform(seed + index),
            data_format="channels_last",
            dtype="float32",
            name=f"convolution_{index}",
        )(x)
        x = layers.BatchNormalization(name=f"normalisation_{index}", dtype="float32")(x)
        x = layers.ReLU(name=f"activation_{index}", dtype="float32")(x)
    x = layers.AveragePooling2D(4, padding="same", name="average", dtype="float32")(x)
    x = layers.Flatten(name="flatten", dtype="float32")(x)
    x = layers.Dropout(DROPOUT, seed=seed, name="dropout", dtype="float32")(x)
    x = _dense(FEATURES, seed + 101, "dense")(x)
    x = layers.BatchNormalization(name="normalisation_dense", dtype="float32")(x)
    features = layers.ReLU(name="features", dtype="float32")(x)
    logits = _dense(classes, seed + 102, "logits")(features)
    return keras.Model(images, {"features": features, "logits": logits}, name="small_feature_network")


def _convolutions(side: int) -> list[tuple[int, int]]:
    """`(filters, stride)` of each: 32 1, 32 2, 64 1, 64 2, 128 1 for sides of 17 to 32 pixels."""
    filters = 32
    plan = [(filters, 1)]
    while side > 8:
        plan.append((filters, 2))
        filters = min(2 * filters, 128)
        plan.append((filters, 1))
        side = -(-side // 2)
    return plan


def _dense(units: int, seed: int, name: str) -> layers.Dense:
    initializer = keras.initializers.GlorotUniform(seed)
    return layers.Dense(units, kernel_initializer=initializer, name=name, dtype="float32")


def training_steps(images: int) -> int:
    """Number of training steps for a number of images."""
    return min(max(EPOCHS * images // BATCH_SIZE, MIN_STEPS), MAX_STEPS)


def shuffled_indices(count: int, batch_size: int, seed: int) -> Iterator[np.ndarray]:
    """Endless batches of indices below `count`, reshuffled in each epoch.

    Raises:
        ValueError: there is nothing to choose from.
    """
    if count < 1:
        raise ValueError("there are no images to train on")
    random = np.random.default_rng(seed)
    waiting = random.permutation(count)
    while True:
        while len(waiting) < batch_size:
            waiting = np.concatenate([waiting, random.permutation(count)])
        yield waiting[:batch_size]
        waiting = waiting[batch_size:]


def labelled_batches(images: np.ndarray, labels: np.ndarray, seed: int = SEED) -> Batches:
    """Endless batches of uint8 images `[128, height, width, channels]` with their labels."""
    for chosen in shuffled_indices(len(images), BATCH_SIZE, seed):
        yield images[chosen], labels[chosen]


def rotated(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Square images in all four rotations, concatenated; the labels are the number of quarter turns.

    Gidaris, Singh & Komodakis 2018, §2.
    """
    turned = [np.rot90(images, turns, axes=(1, 2)) for turns in range(4)]
    return np.concatenate(turned), np.repeat(np.arange(4), len(images))


def rotation_batches(images: np.ndarray, seed: int = SEED) -> Batches:
    """Endless batches of 32 square uint8 images `[n, side, side, channels]`, each in the four rotations."""
    for chosen in shuffled_indices(len(images), BATCH_SIZE // 4, seed):
        yield rotated(images[chosen])


def to_unit(images: Any) -> Any:
    """uint8 -> float32 in [-1, 1], inside a compiled function."""
    return tf.cast(images, tf.float32) / 127.5 - 1.0


def train(network: keras.Model, batches: Batches, steps: int, what: str) -> None:
    """Train in place with cross-entropy and Adam, with cosine decay of the learning rate to 0.

    Args:
        what: name of the network in the lines on stderr about the expected and the actual time.
    """
    schedule = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    optimizer = keras.optimizers.Adam(schedule, name="small_feature_network_adam")
    optimizer.build(network.trainable_variables)

    @tf.function(reduce_retracing=True)
    def step(images: tf.Tensor, labels: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            logits = network(to_unit(images), training=True)["logits"]
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
            loss = tf.reduce_mean(losses)
        optimizer.apply(tape.gradient(loss, network.trainable_variables), network.trainable_variables)

    say(f"{what}: training ({steps} steps, once) ...")
    started = compiled = time.monotonic()
    next_report = math.inf
    for index in range(1, steps + 1):
        images, labels = next(batches)
        step(tf.constant(images), tf.constant(labels, tf.int64))
        now = time.monotonic()
        left = (now - compiled) / max(index - 1, 1) * (steps - index)
        if index == 1:
            compiled = now
        elif index == 1 + _TIMED_STEPS:
            say(f"{what}: it will take about {left:.0f} s")
            next_report = now + _REPORT_SECONDS
        elif now > next_report:
            say(f"{what}: step {index} of {steps}, {left:.0f} s left")
            next_report = now + _REPORT_SECONDS
    say(f"{what}: trained in {time.monotonic() - started:.0f} s")


def accuracy(network: keras.Model, images: np.ndarray, labels: np.ndarray) -> float:
    """Accuracy on uint8 images `[n, height, width, channels]`."""

    @tf.function(reduce_retracing=True)
    def guess(batch: tf.Tensor) -> tf.Tensor:
        return tf.argmax(network(to_unit(batch), training=False)["logits"], axis=-1)

    starts = range(0, len(images), 256)
    guesses = np.concatenate([guess(tf.constant(images[start : start + 256])).numpy() for start in starts])
    return float((guesses == labels).mean())


def weights_sha256(network: keras.Model) -> str:
    """A hash of the weights' bytes, in the order of the layers. Files are not hashed: they contain dates."""
    digest = hashlib.sha256()
    for variable in network.weights:
        digest.update(np.ascontiguousarray(variable.numpy()).tobytes())
    return digest.hexdigest()


def save(network: keras.Model, path: Path, facts: Mapping[str, Any]) -> None:
    """Write the weights as `.npz`, and a `.json` of facts with their hash next to it."""
    arrays = {variable.path: variable.numpy() for variable in network.weights}
    record = {**facts, "parameters": network.count_params(), "sha256": weights_sha256(network)}
    write_text(path.with_suffix(".json"), json.dumps(record, indent=2) + "\n")  # first, so that weights never lack it
    write_atomically(path, lambda file: np.savez_compressed(file, allow_pickle=False, **arrays))


def load(network: keras.Model, path: Path) -> None:
    """Load the weights that `save` wrote into `network`.

    Raises:
        InputError: the file is damaged or belongs to another network.
    """
    try:
        arrays = read_arrays(path)
    except ArchiveError as error:
        raise InputError(f"{path} cannot be read ({error}): delete it, and it is trained again") from None
    expected = {variable.path: tuple(variable.shape) for variable in network.weights}
    if {name: array.shape for name, array in arrays.items()} != expected:
        raise InputError(f"{path} holds the weights of another network: delete it, and it is trained again")
    for variable in network.weights:
        variable.assign(arrays[variable.path])
