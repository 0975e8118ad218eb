"""Interpolation of slices in volumes, by a network trained on planes."""

from __future__ import annotations

from typing import Any

import numpy as np

from aigc_tf.data.progress import progress
from aigc_tf.data.volumes.volume import Volume

_ACROSS = {"coronal": (1, 2), "sagittal": (0, 2), "axial": (2, 1)}
"""For the planes of a recipe: the axis of a volume that they are cut along, and the axis of their rows."""


def finer(model: Any, volume: Volume, window: tuple[float, float] | None = None) -> Volume:
    """A volume with `recipe.every` - 1 new slices between each two, along the axis of the planes' rows.

    The given slices stay unchanged. New ones are interpolated linearly, and the network's residual is added, so that
    intensities beyond black and white are kept.

    Args:
        model: of the recipe `finer_slices`.
        volume: thick slices.
        window: intensities that are black and white to the network; see `Volume.window`.

    Raises:
        UnreadableError: the volume has no window.
    """
    every, (cut, rows) = model.recipe.every, _ACROSS[model.recipe.photos.axis]
    low, high = volume.window(window)
    count = volume.values.shape[rows]
    places = np.arange((count - 1) * every + 1) / every
    before = np.minimum(places.astype(int), count - 2)
    share = (places - before).astype(np.float32)
    values = np.moveaxis(volume.values, (cut, rows), (0, 1))  # [planes, rows, columns]
    linear = values[:, before] + share[:, None] * (values[:, before + 1] - values[:, before])
    made = linear.copy()
    made[:, ::every] = values
    new = np.arange(len(places)) % every != 0
    for index, plane in enumerate(progress(linear, len(linear), "generating slices")):
        grey = np.clip((plane - low) / (high - low), 0, 1)[::-1, :, np.newaxis]  # last row on top, as in training
        pixels = np.repeat(grey, model.recipe.photos.channels, axis=-1)
        change = (model.applied({"image": pixels}) - pixels).mean(axis=-1)[::-1]
        made[index, new] += (high - low) * change[new]
    affine = volume.affine.copy()
    affine[:3, rows] /= every
    return Volume(np.ascontiguousarray(np.moveaxis(made, (0, 1), (cut, rows))), affine, volume.asked)
