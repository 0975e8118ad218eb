"""Crops of photographs as sources of images, for feature networks that take crops."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from aigc_tf.data.images.source import ImageSource, Split

MAX_CROPS = 5000  # for training a network


def distinct(name: str, crops: np.ndarray, licence: str) -> ImageSource:
    """A source of deduplicated training images, sorted by content, so that the same crops give the same network.

    Args:
        name: in messages, and of files in the cache.
        crops: uint8 `[count, height, width, channels]`.
        licence: of the photographs.
    """
    images = np.unique(crops, axis=0)
    train, test = Split(images, None), Split(images[:0], None)
    return ImageSource(name=name, class_names=None, train=train, test=test, test_split="none", licence=licence)


def shrunk(crops: np.ndarray, longest: int) -> np.ndarray:
    """Crops uint8 `[count, height, width, channels]`, downsampled by averaging until no side exceeds `longest`."""
    height, width = crops.shape[1:3]
    factor = max(1.0, max(height, width) / longest)
    if factor == 1:
        return crops
    size = (round(height / factor), round(width / factor))
    return np.round(tf.image.resize(crops, size, "area").numpy()).astype(np.uint8)
