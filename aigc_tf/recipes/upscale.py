"""Super-resolution: a small photograph becomes one two, three or four times as large (002 §6.1, §9.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.photos import PhotoLimits, PhotoSettings, RestorationRecipe


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Upscale(RestorationRecipe):
    """Residual network at the small size, `depth_to_space`, and a bicubic skip (Lim et al. 2017; Shi et al. 2016)."""

    degradation: ClassVar[str] = "aigc_tf.families.restoration.degradations:Shrinking"
    networks: ClassVar[Mapping[str, str]] = {"network": "aigc_tf.families.restoration.networks:upscaler"}

    batch_size: PositiveInt = 16
    scale: Literal[2, 3, 4] = 2
    """How many times height and width grow."""
    photos: PhotoSettings = PhotoSettings(crop=48)
    steps: PositiveInt = 4600
    filters: PositiveInt = 40
    """Channels of every convolution."""
    blocks: PositiveInt = 5
    """Residual blocks of two convolutions."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.photos.crop % self.scale:
            raise ValueError(f"photos.crop is {self.photos.crop}: it must be divisible by the scale, {self.scale}")

    @property
    def reach(self) -> int:
        """See `PhotoRecipe.reach`: a pixel for each 3x3 convolution; bicubic enlargement sees two."""
        return 3 + 2 * self.blocks

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            source="fashion_mnist_10k",
            photos=PhotoSettings(crop=16, channels=1),
            filters=4,
            blocks=1,
            batch_size=8,
            export_limits=PhotoLimits.tiny(),
        )
