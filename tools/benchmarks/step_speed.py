"""How long a training step takes: ours and the tutorials', interleaved in one process."""

from __future__ import annotations

import dataclasses
import statistics
import time
from typing import Any

import tensorflow as tf
from tqdm import tqdm

import aigc_tf
from aigc_tf.recipes.dcgan import DCGAN
from tools.benchmarks.tutorials import TensorFlowTutorial, keras_io_step


def step_speed(batch_size: int, rounds: int) -> dict[str, Any]:
    """Median milliseconds of a step for each variant, and how many times keras.io's step each is faster.

    Args:
        batch_size: the same for all.
        rounds: steps of each variant; they take turns, so that the machine's moods fall on all alike.
    """
    recipe = dataclasses.replace(DCGAN(), batch_size=batch_size)
    variants = {
        "keras.io custom step": tf.function(keras_io_step(recipe)),
        "TensorFlow tutorial": tf.function(TensorFlowTutorial(recipe).step),
        "aigc_tf": tf.function(aigc_tf.create(recipe).train_step),
        "aigc_tf, no moving average": tf.function(
            aigc_tf.create(dataclasses.replace(recipe, average_images=None)).train_step
        ),
    }
    images = tf.random.uniform((batch_size, *recipe.images.shape), -1, 1, seed=0)
    for step in variants.values():
        for _ in range(3):  # traces, and lets the memory settle
            step(images)
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for _ in tqdm(range(rounds), unit="round"):
        for name, step in variants.items():
            start = time.perf_counter()
            tf.nest.map_structure(lambda value: value.numpy(), step(images))
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    baseline = medians["keras.io custom step"]
    return {
        "batch_size": batch_size,
        "rounds": rounds,
        "milliseconds": {name: 1000 * median for name, median in medians.items()},
        "times_faster_than_keras_io": {name: baseline / median for name, median in medians.items()},
    }
