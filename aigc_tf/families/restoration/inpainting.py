"""Filling of masked parts: the mask is the condition."""

from __future__ import annotations

from typing import Any

import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.families.restoration.model import Restorer
from aigc_tf.families.tiles import Arrays
from aigc_tf.modalities.photographs import Masks
from aigc_tf.nn.holes import regular_holes

HOLE = 24  # pixels, of the hole that is filled where no mask is given


class Inpainter(Restorer):
    """Fills what a mask says is missing, and changes nothing else."""

    @property
    def condition(self) -> Masks:
        """A mask for each picture: white, or not 0, where something is missing."""
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
