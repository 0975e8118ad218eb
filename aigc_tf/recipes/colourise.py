"""Colourisation of grey photographs (002 §6.1, 003 §5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.photos import RestorationRecipe, UnetRecipe


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Colourise(UnetRecipe, RestorationRecipe):
    """Colourisation of grey pictures: a U-Net whose L1 loss makes colours pale where several are plausible."""

    data: ClassVar[str] = "aigc_tf.data.photos.opening:open_coloured"
    degradation: ClassVar[str] = "aigc_tf.families.restoration.degradations:Greying"
    networks: ClassVar[Mapping[str, str]] = {"network": "aigc_tf.families.restoration.networks:colouriser"}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.photos.channels != 3:
            raise ValueError("photos.channels is 1: colours are learnt from RGB pictures, choose 3")

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls.small(channels=3, batch_size=8)
