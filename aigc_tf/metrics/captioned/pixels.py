"""Nearest-neighbour baselines for captioned pictures, without a model."""

from __future__ import annotations

import numpy as np

from aigc_tf.data.captioned.source import CaptionedSource
from aigc_tf.data.images.source import pieces_of
from aigc_tf.metrics.distances import nearest
from aigc_tf.metrics.text.simple_writers import nearest_texts

_CELLS = 16  # cells in height and width for pixel comparisons


def cells(pictures: np.ndarray) -> np.ndarray:
    """Mean colours of the cells of a grid of 16x16: float32 `[count, numbers]`.

    Args:
        pictures: uint8 `[count, height, width, channels]`.
    """
    parts = []
    for chunk in pieces_of(pictures):
        found = chunk.astype(np.float32)
        for axis in (1, 2):
            size = found.shape[axis]
            starts = np.arange(min(_CELLS, size)) * size // min(_CELLS, size)
            found = np.add.reduceat(found, starts, axis=axis)
        parts.append(found.reshape(len(chunk), -1))
    return np.concatenate(parts)


def nearest_pictures(source: CaptionedSource, pictures: np.ndarray) -> np.ndarray:
    """Indices of the training pictures nearest to `pictures` in pixels: int64 `[count]`."""
    return nearest(cells(pictures), cells(source.train.images), 1).indices[:, 0]


def nearest_captions(source: CaptionedSource, texts: list[str]) -> np.ndarray:
    """Indices of the training pictures whose first caption is nearest to each text by TF-IDF: int64 `[texts]`.

    Raises:
        InputError: scikit-learn is not installed.
    """
    return nearest_texts([own[0] for own in source.train.captions], texts)
