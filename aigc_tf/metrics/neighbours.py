"""Nearest neighbours in a model's latent space."""

from __future__ import annotations

import numpy as np

from aigc_tf.data.progress import progress
from aigc_tf.families.tasks import Encodes
from aigc_tf.metrics.distances import Nearest, nearest

_CHUNK_IMAGES = 5000  # encoded at once, to bound the memory of large latents


def nearest_in_latent_space(model: Encodes, queries: np.ndarray, images: np.ndarray, count: int) -> Nearest:
    """The `count` images whose encodings are nearest to those of each query, by brute force.

    Args:
        model: the encoder.
        queries: `[n, height, width, channels]`, uint8 or in [0, 1].
        images: `[m, height, width, channels]`, the candidates.
        count: neighbours of each query, at most m.

    Returns:
        Indices into `images` and Euclidean distances, each `[n, count]`, nearest first.

    Raises:
        ValueError: fewer than `count` images.
    """
    if len(images) < count:
        raise ValueError(f"{count} neighbours were requested among {len(images)} images")
    wanted = model.encode(queries)
    found = Nearest(np.zeros((len(queries), 0), np.int64), np.zeros((len(queries), 0)))
    starts = range(0, len(images), _CHUNK_IMAGES)
    for start in progress(starts, len(starts), "encoding images"):
        latents = model.encode(images[start : start + _CHUNK_IMAGES])
        here = nearest(wanted, latents, min(count, len(latents)))
        indices = np.concatenate([found.indices, here.indices + start], axis=1)
        distances = np.concatenate([found.distances, here.distances], axis=1)
        order = np.argsort(distances, axis=1, kind="stable")[:, :count]
        found = Nearest(np.take_along_axis(indices, order, axis=1), np.take_along_axis(distances, order, axis=1))
    return found
