"""Slices of volumes as a source of images."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aigc_tf.data.images.prepare import prepare_arrays
from aigc_tf.data.images.source import ImageSource, Split
from aigc_tf.data.volumes.slices import LICENCE, read_slices
from aigc_tf.recipes.images import ImageSettings


def open_volumes(path: Path, settings: ImageSettings) -> ImageSource:
    """Open the slices of a volume, or of all volumes in a folder, centre-cropped and resized.

    Raises:
        InputError: a volume cannot be read.
    """
    found = read_slices(path, settings)
    prepared = {
        part: [prepare_arrays(one.pixels[np.newaxis], settings)[0] for one in found.slices if one.part == part]
        for part in ("train", "validation", "test")
    }
    empty = np.empty((0, *settings.shape), np.uint8)
    splits = {part: Split(np.stack(pixels) if pixels else empty, None) for part, pixels in prepared.items()}
    return ImageSource(
        name=str(path),
        train=splits["train"],
        test=splits["test"],
        own_validation=splits["validation"] if prepared["validation"] else None,
        class_names=None,
        test_split=found.test_split,
        licence=LICENCE,
        notes=found.notes,
    )
