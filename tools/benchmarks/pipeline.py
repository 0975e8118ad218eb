"""Throughput of the input pipeline alone, against what training consumes."""

from __future__ import annotations

import dataclasses
import statistics
import time
from typing import Any

import tensorflow as tf

import aigc_tf
from aigc_tf.data.images.opening import open_source
from aigc_tf.data.throughput import images_per_second
from aigc_tf.recipes.dcgan import DCGAN


def pipeline(source: str, batch_size: int, seconds: float) -> dict[str, Any]:
    """Images per second of the pipeline and of the training step.

    Args:
        source: data source, as for training.
        batch_size: images per batch.
        seconds: measurement time of each.
    """
    recipe = dataclasses.replace(DCGAN(), source=source, batch_size=batch_size)
    opened = open_source(recipe)
    alone = images_per_second(opened, batch_size, seconds)
    step = tf.function(aigc_tf.create(recipe).train_step)
    images = next(iter(opened.batches(batch_size, seed=0)))
    step(images)
    durations: list[float] = []
    while sum(durations) < seconds:
        start = time.perf_counter()
        step(images)
        durations.append(time.perf_counter() - start)
    training = batch_size / statistics.median(durations)
    return {
        "source": opened.name,
        "batch_size": batch_size,
        "pipeline_images_per_second": alone,
        "training_images_per_second": training,
        "pipeline_over_training": alone / training,
    }
