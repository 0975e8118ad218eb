"""Deblurring of photographs (002 §6.1, 003 §5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import PositiveFloat
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.photos import HalfSizeRecipe


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Deblur(HalfSizeRecipe):
    """Deblurring: a residual network at half resolution removes a Gaussian blur of unknown strength."""

    degradation: ClassVar[str] = "aigc_tf.families.restoration.degradations:Blur"
    networks: ClassVar[Mapping[str, str]] = {"network": "aigc_tf.families.restoration.networks:deblurrer"}

    blur_pixels: tuple[PositiveFloat, PositiveFloat] = (0.5, 2.5)
    """Range of the blur's standard deviation, in pixels."""

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls.small()
