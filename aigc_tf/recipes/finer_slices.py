"""Slices between the slices of a volume (002 §6.5): super-resolution along one axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.photos import HalfSizeRecipe, PhotoSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FinerSlices(HalfSizeRecipe):
    """Slice super-resolution: a residual network at half resolution that refines linear interpolation between rows.

    Rows of coronal and sagittal slices are axial slices of the volume: leaving out every second one simulates a scan
    with twice the slice spacing (Zhao et al. 2020, "SMORE", §II.B).
    """

    degradation: ClassVar[str] = "aigc_tf.families.restoration.degradations:SkippedRows"
    networks: ClassVar[Mapping[str, str]] = {"network": "aigc_tf.families.restoration.networks:interpolator"}

    photos: PhotoSettings = PhotoSettings(axis="coronal", channels=1, turns="mirror")
    every: Literal[2, 3, 4] = 2
    """Super-resolution factor: one of this many rows is given."""
    steps: PositiveInt = 1500

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls.small()
