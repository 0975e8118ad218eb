"""Inpainting: fills holes, scratches and masked parts of photographs (002 §6.1, 003 §5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.photos import RestorationRecipe, UnetRecipe


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Inpaint(UnetRecipe, RestorationRecipe):
    """Inpainting: a U-Net fills the masked area, the rest is unchanged (Pathak et al. 2016; Yu et al. 2019)."""

    degradation: ClassVar[str] = "aigc_tf.families.restoration.degradations:Holes"
    networks: ClassVar[Mapping[str, str]] = {"network": "aigc_tf.families.restoration.networks:inpainter"}

    model: ClassVar[str] = "aigc_tf.families.restoration.inpainting:Inpainter"

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls.small(batch_size=8)
