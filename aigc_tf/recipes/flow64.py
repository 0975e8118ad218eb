"""Rectified flow of 64x64 colour pictures."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.flow import Flow
from aigc_tf.recipes.flows import FlowRecipe, TransformerSettings, UNetSettings
from aigc_tf.recipes.images import ExportLimits, ImageSettings

UNET = UNetSettings(filters=(48, 96, 128), blocks=(1, 1, 2))
TRANSFORMER = TransformerSettings(patch=8, width=192, depth=6)
"""Both have 8x8 positions, the U-Net at its lowest resolution."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Flow64(Flow):
    """Rectified flow of 64x64 colour pictures; the U-Net has one more level than that of flow."""

    evaluators: ClassVar[tuple[str, ...]] = FlowRecipe.evaluators

    steps: PositiveInt = 5000
    batch_size: PositiveInt = 32
    images: ImageSettings = ImageSettings(height=64, width=64, channels=3)
    unet: UNetSettings = UNET
    transformer: TransformerSettings = TRANSFORMER

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            source="fashion_mnist_10k",
            images=ImageSettings(height=16, width=16, channels=3),
            network="transformer",
            transformer=TransformerSettings(width=8, depth=1, heads=2),
            batch_size=8,
            export_limits=ExportLimits.tiny(),
        )
