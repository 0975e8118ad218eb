"""Memorisation: the nearest training images of samples, with distances of held-out images for comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aigc_tf.data.source import PartName
from aigc_tf.errors import InputError
from aigc_tf.metrics import cache
from aigc_tf.metrics.distances import Nearest, nearest

if TYPE_CHECKING:
    from aigc_tf.data.images.source import ImageSource

_HELD_OUT_IMAGES = 500


@dataclass(frozen=True)
class Memorisation:
    """Pixel distances to training images, from samples and from held-out images."""

    nearest: Nearest
    """For each sample; indices are into the source's training images."""
    held_out_distances: np.ndarray
    """float64 `[m]`: from held-out images to their nearest training image."""

    def summary(self) -> dict[str, float]:
        """Summary statistics of the distances.

        Returns:
            median_distance: of the samples to their nearest training image.
            held_out_median_distance: the same for the held-out images.
            ratio: of the two. Around 1 is expected; near 0 means that the samples are copies. Smooth samples may lie
                somewhat below 1 without being copies: look at the picture.
            suspicious_share: the share of the samples nearer to a training image than 99 % of the held-out images
                are; 0.01 is expected.
        """
        closest = self.nearest.distances[:, 0]
        median, held_out_median = float(np.median(closest)), float(np.median(self.held_out_distances))
        return {
            "median_distance": median,
            "held_out_median_distance": held_out_median,
            "ratio": median / held_out_median if held_out_median else float(median > 0),
            "suspicious_share": float((closest < np.quantile(self.held_out_distances, 0.01)).mean()),
        }


def nearest_training_images(samples: np.ndarray, source: ImageSource, part: PartName, count: int = 3) -> Memorisation:
    """The `count` nearest training images of each sample by Euclidean distance of pixels in [0, 1], by brute force.

    Args:
        samples: uint8 `[n, height, width, channels]`, only a few.
        source: its training images are searched.
        part: held-out part whose images, evenly spaced, show what distances are usual.
        count: neighbours of each sample.

    Raises:
        InputError: fewer than `count` training images, or no images in the part.
        ValueError: the samples are not uint8, or of another shape than the training images.
    """
    train, other = source.train.images, source.part(part)
    if samples.dtype != np.uint8 or samples.shape[1:] != train.shape[1:]:
        raise ValueError(f"samples are {samples.dtype} {samples.shape}: expected uint8, shaped as {train.shape}")
    if len(train) < count or not len(other.images):
        raise InputError(f"{source.name} has {len(train)} training and {len(other.images)} {part} images: too few")

    def usual() -> np.ndarray:
        return nearest(other.some(_HELD_OUT_IMAGES).images, train, 1).distances[:, 0] / 255

    held_out = cache.shared().of("usual distances", (source.fingerprint, train.shape, part), usual)
    found = nearest(samples, train, count)
    # Squared distances of integers are exact, so that a copy has distance 0; the scaling comes afterwards.
    return Memorisation(Nearest(found.indices, found.distances / 255), held_out)


def nearest_picture(samples: np.ndarray, train: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Rows of a sample, a gap, and its nearest training images.

    Args:
        samples: uint8 `[n, height, width, channels]`.
        train: uint8 `[m, height, width, channels]`.
        indices: int `[n, count]` into `train`.

    Returns:
        uint8 `[n * (height + 2) - 2, (count + 1) * (width + 2) + 2, channels]`; gaps are white.
    """
    gap = 2
    rows, height, width, channels = samples.shape
    columns = indices.shape[1]
    start = width + 3 * gap  # a wider gap sets the sample apart
    shape = (rows * (height + gap) - gap, start + columns * (width + gap) - gap, channels)
    picture = np.full(shape, 255, np.uint8)
    for row, (sample, neighbours) in enumerate(zip(samples, train[indices], strict=True)):
        top = row * (height + gap)
        picture[top : top + height, :width] = sample
        for column, neighbour in enumerate(neighbours):
            left = start + column * (width + gap)
            picture[top : top + height, left : left + width] = neighbour
    return picture
