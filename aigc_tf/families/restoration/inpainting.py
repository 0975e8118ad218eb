"""Inpainting with the mask as condition; large holes are filled coarse-to-fine."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from scipy.ndimage import distance_transform_edt

from aigc_tf.errors import InputError
from aigc_tf.families.restoration.model import Restorer
from aigc_tf.families.tiles import Arrays
from aigc_tf.modalities.photographs import Masks
from aigc_tf.nn.holes import LARGEST_BOX, regular_holes

HOLE = 24  # pixels, side of the hole if no mask is given


class Inpainter(Restorer):
    """Fills in the masked pixels and keeps all others unchanged."""

    @property
    def condition(self) -> Masks:
        """A mask for each picture: white, or non-zero, where pixels are missing."""
        return Masks()

    def inputs_of(self, pixels: np.ndarray, condition: Any) -> Arrays:
        """Picture and mask.

        Raises:
            InputError: the mask has another size.
        """
        height, width = pixels.shape[:2]
        mask = regular_holes(height, width, HOLE) if condition is None else condition
        if mask.shape[:2] != (height, width):
            raise InputError(
                f"the mask has {mask.shape[1]}x{mask.shape[0]} pixels and the picture {width}x{height}: give one of "
                "the same size"
            )
        return {"image": pixels, "mask": mask}

    def applied(self, inputs: Arrays, tile: int | None = None, overlap: int | None = None) -> np.ndarray:
        """See `PhotoModel.applied`.

        Regions deeper inside a hole than occur in training crops are filled at half the size, upscaled, and taken as
        given; the rest of the hole is then filled between them and the known pixels.
        """
        image, mask = inputs["image"], inputs["mask"]
        missing = mask[..., 0] > 0
        depth = LARGEST_BOX / 2 * self.recipe.photos.crop
        if missing.all() or not (deep := distance_transform_edt(missing) > depth).any():
            return super().applied(inputs, tile, overlap)
        height, width = missing.shape
        coarse = self.applied(halved(image, mask), tile, overlap)
        enlarged = np.asarray(tf.image.resize(coarse, (2 * coarse.shape[0], 2 * coarse.shape[1])))[:height, :width]
        deep = deep[..., np.newaxis]
        nearer = {"image": np.where(deep, enlarged, image), "mask": np.where(deep, np.float32(0), mask)}
        return super().applied(nearer, tile, overlap)


def halved(image: np.ndarray, mask: np.ndarray) -> Arrays:
    """Picture and mask at half the size: a pixel is the mean of the known ones of four, or missing if none is known."""
    odd = [(0, side % 2) for side in mask.shape[:2]]
    known = np.pad(1 - mask, (*odd, (0, 0)), mode="edge")
    picture = np.pad(image, (*odd, (0, 0)), mode="edge") * known

    def sums(pixels: np.ndarray) -> np.ndarray:
        rows = pixels[::2] + pixels[1::2]
        return rows[:, ::2] + rows[:, 1::2]

    count = sums(known)
    small = {"image": sums(picture) / np.maximum(count, 1), "mask": (count == 0).astype(np.float32)}
    return {name: value.astype(np.float32) for name, value in small.items()}
