"""Comparison of images of a model, or of a baseline, with the real images of a part.

Features of real images are computed once per process, and shared by all evaluations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from aigc_tf.data.source import PartName
from aigc_tf.errors import InputError
from aigc_tf.metrics import cache
from aigc_tf.metrics.frechet import GaussianStatistics, StreamingStatistics, frechet_distance, gaussian_statistics
from aigc_tf.metrics.images.by_class import ByClass, Grouped, by_class
from aigc_tf.metrics.images.class_shares import ClassShares, shares_of
from aigc_tf.metrics.images.features import FeatureNetwork, Features
from aigc_tf.metrics.images.inception_score import InceptionScore, inception_score
from aigc_tf.metrics.images.pca import gaussian_of
from aigc_tf.metrics.kernel import MIN_FEATURES, KernelDistance, kernel_distance
from aigc_tf.metrics.precision_recall import NEIGHBOURS, PrecisionRecall, precision_recall
from aigc_tf.modalities.drawing import to_bytes

if TYPE_CHECKING:
    from aigc_tf.data.images.source import ImageSource, Split

MAX_REFERENCE_IMAGES = 10_000  # of a part for checkpoint selection; of the test part all images are used
MAX_GAUSSIAN_IMAGES = 10_000
# The Fréchet distance uses all images, everything else only the first this many, which bounds the memory, and the time
# of precision and recall, which compare all pairs.
MAX_KEPT_IMAGES = 10_000
MIN_SCORED = 10  # the Inception score uses ten splits
_AT_ONCE = 500  # images
_KEPT = 4  # parts whose features are kept; Inception's of 10,000 images take 80 MB


class Comparison(NamedTuple):
    """Figures of images against the reference images of a part; None where too few images or no classes."""

    frechet: float
    kernel: KernelDistance | None
    neighbours: PrecisionRecall | None
    score: InceptionScore | None
    shares: ClassShares | None
    by_class: ByClass | None
    images: int
    """Number of images."""
    kept: int
    """Number of images used for all figures but the Fréchet distance."""
    compared: int
    """Number of images on each side of precision and recall."""


def reference_of(source: ImageSource, part: PartName) -> Split:
    """The reference images of a part: all of the test part, at most 10,000 evenly spaced ones of others."""
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


def comparison(
    network: FeatureNetwork,
    chunks: Iterable[np.ndarray],
    source: ImageSource,
    part: PartName,
    told: np.ndarray | None = None,
) -> Comparison:
    """Compare images with the reference images of a part.

    Args:
        network: of the features.
        chunks: uint8 images `[n, height, width, channels]`, in chunks.
        source: of the part.
        part: the reference.
        told: the requested class of each image, int `[images]`; None for unconditional images, whose classes are
            predicted by the network if it can.

    Raises:
        InputError: there are fewer than two images of the part.
    """
    statistics, looked = features_of(network, chunks, MAX_KEPT_IMAGES)
    reference, features = reference_features(network, source, part), looked.features
    real = reference.features
    compared = min(len(features), len(real), MAX_KEPT_IMAGES)
    classes = looked.probabilities if len(features) >= MIN_SCORED else None
    return Comparison(
        frechet_distance(statistics, reference_statistics(network, source, part)),
        kernel_distance(features, real) if min(len(features), len(real)) >= MIN_FEATURES else None,
        precision_recall(_some(real, compared), _some(features, compared)) if compared > NEIGHBOURS else None,
        None if classes is None else inception_score(classes),
        _shares(classes, reference.probabilities),
        _by_class(looked, reference, told, reference_of(source, part).labels),
        statistics.count,
        len(features),
        compared,
    )


def _shares(drawn: np.ndarray | None, real: np.ndarray | None) -> ClassShares | None:
    """Class shares from class probabilities; None where there are none."""
    return None if drawn is None or real is None else ClassShares(shares_of(drawn), shares_of(real))


def _by_class(drawn: Features, real: Features, told: np.ndarray | None, labels: np.ndarray | None) -> ByClass | None:
    """By requested classes and labels, or by the network's predictions on both sides."""
    if told is not None and labels is not None:
        classes = int(max(told.max(), labels.max())) + 1
        tells = drawn.probabilities is not None and drawn.probabilities.shape[1] == classes
        asked = Grouped(drawn.features, told[: len(drawn.features)], True, _likeliest(drawn) if tells else None)
        return by_class(asked, Grouped(real.features, labels), classes)
    if drawn.probabilities is None or real.probabilities is None:
        return None
    ours, theirs = (Grouped(one.features, _likeliest(one)) for one in (drawn, real))
    return by_class(ours, theirs, drawn.probabilities.shape[1])


def _likeliest(looked: Features) -> np.ndarray:
    assert looked.probabilities is not None
    found: np.ndarray = looked.probabilities.argmax(axis=1)
    return found


def features_of(
    network: FeatureNetwork, chunks: Iterable[np.ndarray], most: int
) -> tuple[GaussianStatistics, Features]:
    """The statistics of all images, uint8 in chunks, and the features of the first `most`."""
    kept: list[Features] = []
    statistics, count = StreamingStatistics(), 0
    for images in chunks:
        found = network.extract(images)
        statistics.update(found.features)
        if count < most or not kept:
            kept.append(found)
            count += len(images)
    first = slice(most)
    features = np.concatenate([chunk.features for chunk in kept])[first]
    if not network.has_classes:
        return statistics.result(), Features(features, None)
    return statistics.result(), Features(features, np.concatenate([chunk.probabilities for chunk in kept])[first])


def real_images(
    network: FeatureNetwork, source: ImageSource, count: int, part: PartName, by_label: bool = False
) -> Comparison:
    """Comparison of real training images, an upper bound for generators.

    Args:
        network: of the features.
        source: of the images.
        count: training images, drawn without replacement with a fixed seed, or all if there are fewer.
        part: the reference, not the training part.
        by_label: whether classes are the labels, as for a class-conditional model.

    Raises:
        InputError: there are fewer than two training images, or images of the part.
    """
    available = len(source.train.images)
    count = min(count, available)
    if count < 2:
        raise InputError(f"{source.name} has {available} training images: at least 2 are needed")
    # In the order of the draw, so that the first ones are of all classes.
    chosen = np.random.default_rng(0).choice(available, count, replace=False)
    chunks = (source.train.images[chosen[start : start + _AT_ONCE]] for start in range(0, count, _AT_ONCE))
    told = source.train.labels[chosen] if by_label and source.train.labels is not None else None
    key = (*_key(network, source, part), count, by_label)
    return cache.shared().of("real images", key, lambda: comparison(network, chunks, source, part, told))


def gaussian_images(network: FeatureNetwork, source: ImageSource, count: int, part: PartName) -> Comparison:
    """Comparison of samples of a Gaussian with the principal components of the training pixels, a simple baseline.

    Args:
        network: of the features.
        source: its training images are fitted, see `aigc_tf.metrics.images.pca.gaussian_of`.
        count: number of samples; at most 10,000 are drawn.
        part: the reference.
    """
    count = min(count, MAX_GAUSSIAN_IMAGES)

    def chunks() -> Iterator[np.ndarray]:
        gaussian, random = gaussian_of(source), np.random.default_rng(0)
        for start in range(0, count, _AT_ONCE):
            rows = gaussian.sample(min(_AT_ONCE, count - start), random)
            yield to_bytes(np.clip(rows, 0, 1).reshape(-1, *network.shape))

    key = (*_key(network, source, part), count)
    return cache.shared().of("images of a Gaussian", key, lambda: comparison(network, chunks(), source, part))


def _some(features: np.ndarray, count: int) -> np.ndarray:
    """A fixed random choice of `count` features, since sources may be sorted by class."""
    if count == len(features):
        return features
    return features[np.random.default_rng(0).choice(len(features), count, replace=False)]
