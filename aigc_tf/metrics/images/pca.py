"""Principal components of the pixels of training images: the baseline of generators and of autoencoders."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from aigc_tf.metrics import cache
from aigc_tf.metrics.pca import PCA, principal_components, rows_to_fit

if TYPE_CHECKING:
    from aigc_tf.data.images.source import ImageSource

GAUSSIAN_COMPONENTS = 64
_KEPT = 2


def pixel_components(
    source: ImageSource, count: int, brightness: Callable[[np.ndarray], np.ndarray], form: str = "grey values"
) -> PCA:
    """At most `count` principal components of training images, of at most 10,000 evenly spaced ones.

    Args:
        source: of the training images.
        count: of the components.
        brightness: uint8 images `[n, height, width, channels]` -> float32 in [0, 1].
        form: what `brightness` makes of them, in words: another form has components of its own.
    """
    shape = source.train.images.shape
    wanted = rows_to_fit(shape[0], math.prod(shape[1:]))

    def fit() -> PCA:
        images = brightness(np.asarray(source.train.some(wanted).images))
        return principal_components(images.reshape(len(images), -1), count)

    key = (source.fingerprint, source.validation_split, shape, count, form)
    return cache.shared().of("principal components", key, fit, _KEPT)


def gaussian_of(source: ImageSource) -> PCA:
    """The Gaussian whose samples are the baseline of generators: at most 64 components of grey values in [0, 1]."""
    return pixel_components(source, GAUSSIAN_COMPONENTS, lambda images: images.astype(np.float32) / 255)
