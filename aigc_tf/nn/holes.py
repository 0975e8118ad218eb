"""Masks for inpainting: 1 where pixels are missing."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf
from keras import ops, random

from aigc_tf.nn.corruption import Seed, streams

PERIOD = 64  # pixels from one regular hole to the next
LARGEST_BOX = 0.4
"""Height or width of the largest box of `free_form_holes`, as a share of the picture's."""
_BOXES, _LINES = 2, 3
_GRID = 8  # of the noise that patches are made of


def regular_holes(height: int, width: int, side: int) -> np.ndarray:
    """A square hole in the middle of each square of 64 pixels: float32 `[height, width, 1]`.

    In a smaller picture there is one hole in the middle, of at most half its size.
    """
    mask = np.zeros((height, width, 1), np.float32)
    period = min(PERIOD, height, width)
    side = min(side, period // 2)
    for top in range((period - side) // 2, height - side + 1, period):
        for left in range((period - side) // 2, width - side + 1, period):
            mask[top : top + side, left : left + side] = 1
    return mask


def free_form_holes(batch: tf.Tensor, height: int, width: int, seed: Seed) -> tf.Tensor:
    """Random masks of boxes, straight scratches and free-form patches, each kind in about half of the masks.

    Returns:
        float32 `[batch, height, width, 1]`, 0 or 1; a mask that would be empty gets boxes.
    """
    kinds, boxes, lines, patches, levels = streams(seed, 5)
    rows = ops.reshape(ops.arange(height, dtype="float32"), (1, 1, -1, 1)) / height
    columns = ops.reshape(ops.arange(width, dtype="float32"), (1, 1, 1, -1)) / width

    box = random.uniform((4, batch, _BOXES, 1, 1), seed=boxes)
    half = 0.05 + (LARGEST_BOX / 2 - 0.05) * box[2:]
    inside = (ops.abs(rows - box[0]) < half[0]) & (ops.abs(columns - box[1]) < half[1])
    line = random.uniform((4, batch, _LINES, 1, 1), seed=lines)
    angle = math.pi * line[2]
    distance = (rows - line[0]) * height * ops.cos(angle) + (columns - line[1]) * width * ops.sin(angle)
    crossed = ops.abs(distance) < 0.5 + 1.5 * line[3]
    noise = random.normal((batch, _GRID, _GRID, 1), seed=patches)
    cover = random.uniform((batch, 1, 1), 0.4, 1.2, seed=levels)
    blobs = tf.image.resize(noise, (height, width), "bicubic")[..., 0] > cover

    present = random.uniform((3, batch, 1, 1), seed=kinds) < 0.5
    present_boxes = present[0] | ~(present[1] | present[2])
    mask = (present_boxes & ops.any(inside, axis=1)) | (present[1] & ops.any(crossed, axis=1)) | (present[2] & blobs)
    return ops.cast(mask, "float32")[..., None]
