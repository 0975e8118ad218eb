"""Features of real images, looked at once per process: every evaluation compares with the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.metrics.frechet import GaussianStatistics, StreamingStatistics, frechet_distance, gaussian_statistics
from aigc_tf.metrics.images.features import FeatureNetwork, Features

if TYPE_CHECKING:
    from aigc_tf.data.images.opening import ImageSource

SplitName = Literal["train", "test"]
_Key = tuple[str, str, tuple[int, ...], str]

_AT_ONCE = 1000  # images
_KEPT = 4  # the features of so many splits; Inception's of 10,000 images take 80 MB
_features: dict[_Key, Features] = {}
_statistics: dict[_Key, GaussianStatistics] = {}
_floors: dict[tuple[_Key, int], tuple[float, int]] = {}


def images_of(source: ImageSource, split: SplitName) -> np.ndarray:
    """The uint8 images `[n, height, width, channels]` of a split."""
    return (source.train if split == "train" else source.test).images


def _key(network: FeatureNetwork, source: ImageSource, split: SplitName) -> _Key:
    return (network.sha256, source.fingerprint, images_of(source, split).shape, f"{split} {network.name}")


def reference_features(network: FeatureNetwork, source: ImageSource, split: SplitName = "test") -> Features:
    """Features of all images of a split; do not write into them."""
    key = _key(network, source, split)
    if key not in _features:
        found = network.extract(images_of(source, split))
        while len(_features) >= _KEPT:
            del _features[next(iter(_features))]
        _features[key] = found
    return _features[key]


def reference_statistics(network: FeatureNetwork, source: ImageSource) -> GaussianStatistics:
    """Mean and covariance of the features of the test images.

    Raises:
        InputError: there are fewer than two test images.
    """
    key = _key(network, source, "test")
    if key not in _statistics:
        count = len(source.test.images)
        if count < 2:
            raise InputError(f"{source.name} has {count} test images: nothing can be measured with fewer than 2")
        _statistics[key] = gaussian_statistics(reference_features(network, source).features)
    return _statistics[key]


def frechet_distance_of_real(network: FeatureNetwork, source: ImageSource, count: int) -> tuple[float, int]:
    """The distance of real training images from the test images: no generator is expected below it.

    Returns:
        The distance, and how many training images it was measured with: `count`, drawn without replacement
        from a fixed seed, or all if there are fewer.

    Raises:
        InputError: there are fewer than two training or test images.
    """
    available = len(source.train.images)
    count = min(count, available)
    if count < 2:
        raise InputError(f"{source.name} has {available} training images: at least 2 are needed")
    key = (_key(network, source, "train"), count)
    if key not in _floors:
        chosen = np.sort(np.random.default_rng(0).choice(available, count, replace=False))
        real = StreamingStatistics()
        for start in range(0, count, _AT_ONCE):
            images = source.train.images[chosen[start : start + _AT_ONCE]]
            real.update(network.extract(images).features)
        _floors[key] = (frechet_distance(real.result(), reference_statistics(network, source)), count)
    return _floors[key]
