"""Features of real images, looked at once per process: every evaluation compares with the same ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from aigc_tf.data.source import PartName
from aigc_tf.errors import InputError
from aigc_tf.metrics import cache
from aigc_tf.metrics.frechet import GaussianStatistics, StreamingStatistics, frechet_distance, gaussian_statistics
from aigc_tf.metrics.images.features import FeatureNetwork, Features
from aigc_tf.metrics.images.pca import gaussian_of
from aigc_tf.metrics.kernel import MIN_FEATURES, kernel_distance
from aigc_tf.modalities.drawing import to_bytes

if TYPE_CHECKING:
    from aigc_tf.data.images.source import ImageSource, Split

MAX_REFERENCE_IMAGES = 10_000  # of a part that models choose by; all test images are looked at
MAX_BASELINE_IMAGES = 10_000
_AT_ONCE = 500  # images
_KEPT = 4  # the features of so many parts; Inception's of 10,000 images take 80 MB


class Distances(NamedTuple):
    """How far images are from a part of the source."""

    frechet: float
    kernel: float | None
    """None of too few images."""
    images: int
    """How many were compared."""


def reference_of(source: ImageSource, part: PartName) -> Split:
    """The images of a part that samples are compared with: all test images, of others at most 10,000, evenly spaced."""
    split: Split = source.part(part)
    return split if part == "test" else split.some(MAX_REFERENCE_IMAGES)


def _key(network: FeatureNetwork, source: ImageSource, part: PartName) -> tuple[str, ...]:
    shape = reference_of(source, part).images.shape
    return (network.sha256, network.name, source.fingerprint, part, str(shape), source.validation_split)


def reference_features(network: FeatureNetwork, source: ImageSource, part: PartName) -> Features:
    """Features of the reference images of a part; do not write into them."""
    key = _key(network, source, part)
    return cache.shared().of(
        "reference features", key, lambda: network.extract(reference_of(source, part).images), _KEPT
    )


def reference_statistics(network: FeatureNetwork, source: ImageSource, part: PartName) -> GaussianStatistics:
    """Mean and covariance of the features of the reference images of a part.

    Raises:
        InputError: there are fewer than two.
    """
    count = len(reference_of(source, part).images)
    if count < 2:
        raise InputError(f"{source.name} has {count} {part} images: nothing can be measured with fewer than 2")
    key = _key(network, source, part)
    return cache.shared().of(
        "reference statistics", key, lambda: gaussian_statistics(reference_features(network, source, part).features)
    )


def real_distances(network: FeatureNetwork, source: ImageSource, count: int, part: PartName) -> Distances:
    """Of real training images: no generator is expected to be nearer.

    Args:
        network: of the features.
        source: of the images.
        count: training images, drawn without replacement with a fixed seed, or all if there are fewer.
        part: what they are compared with, another part than the training images.

    Raises:
        InputError: there are fewer than two training images, or images of the part.
    """
    available = len(source.train.images)
    count = min(count, available)
    if count < 2:
        raise InputError(f"{source.name} has {available} training images: at least 2 are needed")
    chosen = np.sort(np.random.default_rng(0).choice(available, count, replace=False))
    chunks = (source.train.images[chosen[start : start + _AT_ONCE]] for start in range(0, count, _AT_ONCE))
    key = (*_key(network, source, part), count)
    return cache.shared().of("distances of real images", key, lambda: _distances(network, chunks, source, part))


def gaussian_distances(network: FeatureNetwork, source: ImageSource, count: int, part: PartName) -> Distances:
    """Of samples of a Gaussian with the principal components of the training pixels, a generator without a network.

    Args:
        network: of the features.
        source: its training images are fitted, see `aigc_tf.metrics.images.pca.gaussian_of`.
        count: samples, at most 10,000 are drawn.
        part: what they are compared with.
    """
    count = min(count, MAX_BASELINE_IMAGES)

    def chunks() -> Iterator[np.ndarray]:
        gaussian, random = gaussian_of(source), np.random.default_rng(0)
        for start in range(0, count, _AT_ONCE):
            rows = gaussian.sample(min(_AT_ONCE, count - start), random)
            yield to_bytes(np.clip(rows, 0, 1).reshape(-1, *network.shape))

    key = (*_key(network, source, part), count)
    return cache.shared().of("distances of a Gaussian", key, lambda: _distances(network, chunks(), source, part))


def _distances(network: FeatureNetwork, chunks: Iterable[np.ndarray], source: ImageSource, part: PartName) -> Distances:
    """Of uint8 images in chunks; the kernel distance is of the first 10,000."""
    statistics, kept, count = StreamingStatistics(), [], 0
    for images in chunks:
        features = network.extract(images).features
        statistics.update(features)
        if count < MAX_BASELINE_IMAGES:
            kept.append(features)
        count += len(images)
    real, features = reference_features(network, source, part).features, np.concatenate(kept)
    enough = min(len(real), len(features)) >= MIN_FEATURES
    kernel = kernel_distance(features, real).distance if enough else None
    frechet = frechet_distance(statistics.result(), reference_statistics(network, source, part))
    return Distances(frechet, kernel, count)
