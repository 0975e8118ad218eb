"""Rectified flow of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.flows import FlowEditing, FlowRecipe, UNetSettings
from aigc_tf.recipes.images import ExportLimits, ImageSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Flow(FlowRecipe):
    """Rectified flow (Liu et al. 2023; Lipman et al. 2023): turns noise into pictures in a few U-Net evaluations."""

    model: ClassVar[str] = "aigc_tf.families.flow.unconditional:Flow"
    networks: ClassVar[Mapping[str, str]] = {"predictor": "aigc_tf.families.flow.networks:predictor"}
    pipeline_tag: ClassVar[str | None] = "unconditional-image-generation"

    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.images.samples:Samples",
        "aigc_tf.metrics.images.flows:BitsPerDimension",
    )
    transform_options: ClassVar[type] = FlowEditing

    steps: PositiveInt = 5000

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            source="fashion_mnist_10k",
            images=ImageSettings(height=16, width=16),
            unet=UNetSettings(filters=(8, 8), blocks=(1, 1), time_size=8),
            batch_size=8,
            export_limits=ExportLimits.tiny(),
        )
