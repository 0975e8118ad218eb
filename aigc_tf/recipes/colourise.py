"""Colours for grey photographs (002 §6.1, 003 §5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.photos import PhotoLimits, PhotoSettings, UnetRecipe


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Colourise(UnetRecipe):
    """U-Net that adds colours to a grey picture; with an L1 loss, where several are possible, it gives pale ones."""

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
        return cls(
            source="fashion_mnist_10k",
            photos=PhotoSettings(crop=16, channels=3, turns="mirror"),
            unet_filters=(4, 4),
            lowest_blocks=1,
            batch_size=8,
            export_limits=PhotoLimits.tiny(),
        )
