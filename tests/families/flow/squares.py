"""Two pictures, with a bright square left or right, and short training on them."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import tensorflow as tf

import aigc_tf
from aigc_tf.recipes.flows import FlowRecipe, TransformerSettings, UNetSettings
from aigc_tf.recipes.images import ImageSettings

PICTURES = np.zeros((2, 8, 8, 1), np.float32)
PICTURES[0, 2:6, :3] = PICTURES[1, 2:6, 5:] = 1


def trained(
    kind: type[FlowRecipe], steps: int, network: Literal["unet", "transformer"] = "unet"
) -> tuple[Any, list[float]]:
    """A recipe's model after some steps of 32 pictures, half of each kind on average, and its losses."""
    recipe = kind(
        images=ImageSettings(height=8, width=8),
        network=network,
        unet=UNetSettings(filters=(16, 16), blocks=(1, 1), time_size=16),
        transformer=TransformerSettings(width=32, depth=2, heads=2),
        batch_size=32,
        average_images=3000,
    )
    model = aigc_tf.create(recipe)
    step, random = tf.function(model.train_step), np.random.default_rng(0)
    batches = (tf.constant(2 * PICTURES[random.integers(2, size=32)] - 1) for _ in range(steps))
    return model, [float(step({"image": batch})["loss"]) for batch in batches]


def assert_draws_either(samples: np.ndarray, error: float) -> None:
    """Assert that samples are close to one of the pictures, by median squared error, and that both occur."""
    distances = ((samples[:, None] - PICTURES) ** 2).mean(axis=(2, 3, 4))
    assert np.median(distances.min(axis=1)) < error
    assert 0.2 < (distances[:, 0] < distances[:, 1]).mean() < 0.8
