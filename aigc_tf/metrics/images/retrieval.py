"""Instance retrieval: a network that distinguishes pictures, and how often it finds the right one among many.

The network learns to classify augmented training pictures, each picture being a class of its own (Dosovitskiy et al.
2014, "Exemplar-CNN"). Augmentations of the same picture become close in its feature space, which also separates
pictures it has never seen. As a judge it has seen neither queries nor candidates in training, so that it cannot have
memorised them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import tensorflow as tf

from aigc_tf.metrics import cache
from aigc_tf.metrics.distances import nearest
from aigc_tf.metrics.images import small_network, trained
from aigc_tf.metrics.images.crops import shrunk
from aigc_tf.metrics.images.features import FeatureNetwork
from aigc_tf.modalities.drawing import to_bytes
from aigc_tf.nn.augmentation import augment, brightness, contrast, numbers_at, saturation
from aigc_tf.nn.corruption import blur_each
from aigc_tf.recipes.augment import ClassicalAugmentation

if TYPE_CHECKING:
    from aigc_tf.data.images.source import ImageSource

SIDE = 32  # pixels: larger pictures are downsampled, which takes a quarter of the time for those of 64
SEVERAL = 5
MOVED = ClassicalAugmentation(shift=0.08, zoom=0.1, rotation=10.0)
BRIGHTNESS, SATURATION, CONTRAST = 0.2, 0.4, 0.3  # maximum changes: offset, and factors below and above 1
BLUR_SHARE = 1 / 32  # of the side: the largest standard deviation
OTHER_SEED = 1  # of augmentations that were not trained on


class Retrieval(NamedTuple):
    """Shares of pictures from 0 to 1; higher is better."""

    first: float
    """Recall at 1."""
    several: float
    """Recall at `SEVERAL`."""


def retrieval_network(source: ImageSource) -> FeatureNetwork:
    """The retrieval network trained on the training images of a source, from the cache or trained now, in minutes.

    Args:
        source: its images have at most `SIDE` pixels of height and width.
    """
    key = ("retrieval", source.fingerprint)
    return cache.shared().of("feature network", key, lambda: _network(source))


def _network(source: ImageSource) -> FeatureNetwork:
    images = source.training.images
    shape = images.shape[1:]
    network = small_network.build(shape, len(images))

    def make() -> trained.Trained:
        rows = np.arange(min(len(images), 1000))
        batches = changed_batches(images, small_network.SEED)
        known = images[rows], rows
        return trained.train_network("retrieval network", source, network, batches, known, small_network.SEED)

    return FeatureNetwork(
        f"small retrieval network of {source.name}",
        shape,
        trained.kept_network("retrieval", source, network, make),
        small_network.to_unit,
        resize="none",
        note="a network that distinguishes pictures of this source: compare only figures of the same weights",
        has_classes=False,
    )


def changed_batches(images: np.ndarray, seed: int) -> small_network.Batches:
    """Endless batches of 128 augmented pictures with their indices."""
    for step, chosen in enumerate(small_network.shuffled_indices(len(images), small_network.BATCH_SIZE, seed)):
        yield slightly_changed(images[chosen], seed, step * small_network.BATCH_SIZE), chosen


def slightly_changed(images: np.ndarray, seed: int, first_position: int = 0) -> np.ndarray:
    """Lightly augmented pictures: shifted, rotated, colour-jittered and blurred.

    Args:
        images: uint8 `[count, height, width, channels]`.
        seed: of the augmentation.
        first_position: of the first picture in a sequence of any length; each position has its own augmentation.

    Returns:
        uint8 of the same shape.
    """
    position = tf.constant(first_position, tf.int64)
    moved = augment(small_network.to_unit(images), MOVED, seed, position)
    numbers = tf.unstack(2.0 * numbers_at(position, len(images), seed + 1) - 1.0, axis=1)
    coloured = brightness(moved, BRIGHTNESS * numbers[0])
    coloured = contrast(saturation(coloured, 1.0 + SATURATION * numbers[1]), 1.0 + CONTRAST * numbers[2])
    largest = BLUR_SHARE * max(images.shape[1:3])
    blurred = blur_each(coloured, largest * (0.55 + 0.45 * numbers[3]), largest)
    return to_bytes(np.clip(0.5 * blurred + 0.5, 0, 1))


def retrieval(network: FeatureNetwork, pictures: np.ndarray, truths: np.ndarray) -> Retrieval:
    """Recall of each picture's own truth among all truths, by cosine similarity of features.

    Args:
        network: of `retrieval_network`.
        pictures: uint8 `[count, height, width, channels]`.
        truths: the target of each, of the same shape; equal ones count as one.
    """
    among, own = np.unique(shrunk(truths, SIDE), axis=0, return_inverse=True)
    asked, there = (_directions(network, part) for part in (shrunk(pictures, SIDE), among))
    found = nearest(asked, there, min(SEVERAL, len(among))).indices == own.reshape(-1, 1)
    return Retrieval(float(found[:, 0].mean()), float(found.any(axis=1).mean()))


def _directions(network: FeatureNetwork, pictures: np.ndarray) -> np.ndarray:
    features = network.extract(pictures).features
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), np.finfo(np.float32).tiny)
