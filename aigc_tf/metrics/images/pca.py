"""PCA of the pixels of training images: the baseline of generators and autoencoders."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from aigc_tf.data.images.source import chunks_of
from aigc_tf.metrics import cache
from aigc_tf.metrics.pca import PCA, principal_components, rows_to_fit

if TYPE_CHECKING:
    from aigc_tf.data.images.source import ImageSource

GAUSSIAN_COMPONENTS = 64
_KEPT = 2

Brightness = Callable[[Iterable[np.ndarray]], Iterable[np.ndarray]]
"""Chunks of uint8 images `[n, height, width, channels]` -> float32 in [0, 1], the same each time."""


def pixel_components(source: ImageSource, count: int, brightness: Brightness, form: str = "grey values") -> PCA:
    """At most `count` principal components of all training images, or of an evenly spaced subset of large sets.

    Args:
        source: of the training images.
        count: number of components.
        brightness: preprocessing of the images.
        form: the same in words; components are cached separately for each form.
    """
    shape = source.train.images.shape

    def rows() -> Iterator[np.ndarray]:
        images = source.train.some(rows_to_fit(shape[0], math.prod(shape[1:]))).images
        for chunk in brightness(images[part] for part in chunks_of(images)):
            yield chunk.reshape(len(chunk), -1)

    key = (source.fingerprint, source.validation_split, shape, count, form)
    return cache.shared().of("principal components", key, lambda: principal_components(rows, count), _KEPT)


def gaussian_of(source: ImageSource) -> PCA:
    """The Gaussian that is the baseline of generators: at most 64 components of grey values in [0, 1]."""
    return pixel_components(
        source, GAUSSIAN_COMPONENTS, lambda chunks: (images.astype(np.float32) / 255 for images in chunks)
    )
