"""Plausibility of inpainting: the kernel distance between filled holes and the original contents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from aigc_tf.data.photos.source import PhotoSource
from aigc_tf.metrics.images.crops import MAX_CROPS, distinct
from aigc_tf.metrics.images.features import FeatureNetwork, feature_network
from aigc_tf.metrics.kernel import MIN_FEATURES, kernel_distance
from aigc_tf.modalities.drawing import to_bytes
from aigc_tf.recipes.images import ImageSettings

SIDE = 24  # pixels, side of the compared squares
LEAST = 0.5  # minimum missing share of a square


def looking_at_holes(source: PhotoSource) -> FeatureNetwork:
    """A network trained to predict rotations of small squares of the training photographs; takes minutes, once."""
    photos, channels = source.uncut or source.train, source.settings.channels
    side = min(SIDE, source.settings.crop)
    squares = distinct(f"squares of {Path(source.name).name}", photos.spread(side, MAX_CROPS), source.licence)
    return feature_network(squares, ImageSettings(height=side, width=side, channels=channels), "rotation")


def squares_in_holes(missing: np.ndarray, side: int) -> list[tuple[slice, slice]]:
    """Disjoint squares of which at least half is missing, in descending order of the missing share.

    Args:
        missing: bool `[height, width]`, both at least `side`.
        side: side of the squares in pixels.
    """
    sums = np.pad(missing.astype(np.int64), ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    left = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    found = []
    while left.max() >= LEAST * side**2:
        top, start = np.unravel_index(left.argmax(), left.shape)
        found.append((slice(top, top + side), slice(start, start + side)))
        left[max(0, top - side + 1) : top + side, max(0, start - side + 1) : start + side] = 0
    return found


def distance_in_holes(
    source: PhotoSource, made: Sequence[np.ndarray], clean: Sequence[np.ndarray], missing: Sequence[np.ndarray]
) -> float | None:
    """Kernel distance between squares of filled photographs and those of clean ones; None if there are too few.

    Args:
        source: source of the training photographs for the feature network.
        made: filled photographs, `[height, width, channels]` in [0, 1] each.
        clean: the originals.
        missing: masks of the filled pixels, bool `[height, width]` each.
    """
    side = min(SIDE, source.settings.crop)
    places = [squares_in_holes(holes, side) for holes in missing]
    if sum(map(len, places)) < MIN_FEATURES:
        return None
    network = looking_at_holes(source)

    def features(photos: Sequence[np.ndarray]) -> np.ndarray:
        squares = [photo[place] for photo, own in zip(photos, places, strict=True) for place in own]
        return network.extract(to_bytes(np.stack(squares))).features

    return kernel_distance(features(made), features(clean)).distance
