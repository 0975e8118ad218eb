"""keras.io's example "Image Super-Resolution using an Efficient Sub-Pixel CNN", on this project's crops."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aigc_tf.families.restoration.degradations import Shrinking
from aigc_tf.nn.blocks import DepthToSpace

BATCH = 8  # as in the example
TO_YCBCR = np.array([[0.299, -0.168736, 0.5], [0.587, -0.331264, -0.418688], [0.114, 0.5, -0.081312]], np.float32)


def network(scale: int) -> keras.Model:
    """The example's layers: luma `[batch, height, width, 1]` -> `[batch, scale * height, scale * width, 1]`."""
    options: dict[str, Any] = {"activation": "relu", "kernel_initializer": "orthogonal", "padding": "same"}
    image = keras.Input((None, None, 1))
    x = layers.Conv2D(64, 5, **options)(image)
    x = layers.Conv2D(64, 3, **options)(x)
    x = layers.Conv2D(32, 3, **options)(x)
    x = layers.Conv2D(scale**2, 3, **options)(x)
    return keras.Model(image, DepthToSpace(scale)(x))


def espcn(recipe: Any, source: Any, seconds: float) -> Any:
    """Train the example for some CPU seconds; returns the method: luma by ESPCN, chroma bicubic.

    As in the example: mean squared error, Adam with learning rate 0.001, batch size 8, luma (Y) only.
    """
    degradation, model = Shrinking(recipe), network(recipe.scale)
    optimizer = keras.optimizers.Adam(1e-3)
    optimizer.build(model.trainable_variables)

    @tf.function
    def step(batch: dict[str, tf.Tensor]) -> None:
        clean = 0.5 * batch["image"] + 0.5
        clean = clean @ TO_YCBCR[:, :1] if clean.shape[-1] == 3 else clean
        with tf.GradientTape() as tape:
            made = model(degradation.degrade(clean, 0)["image"], training=True)
            loss = tf.reduce_mean(tf.square(made - clean))
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)

    end = None
    for batch in source.batches(BATCH, recipe.seed):
        step(batch)
        end = end or time.process_time() + seconds  # the first step compiles
        if time.process_time() >= end:
            break

    def method(inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        small = inputs["image"]
        if small.shape[-1] == 1:
            return model(small).numpy()[0]
        larger = np.asarray(degradation.simple({"image": small @ TO_YCBCR + 0.5}))[0] - 0.5
        larger[..., :1] = model(small @ TO_YCBCR[:, :1]).numpy()[0]
        return larger @ np.linalg.inv(TO_YCBCR)

    return method
