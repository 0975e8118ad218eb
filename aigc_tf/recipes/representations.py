"""Shared parts of the recipes for self-supervised picture encoders."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, Fraction
from aigc_tf.recipes.images import ImageRecipe
from aigc_tf.recipes.options import NoOptions
from aigc_tf.recipes.settings import (
    AdamSettings,
    CheckpointSettings,
    LoggingSettings,
    QuantizationLimits,
    ScheduleSettings,
)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class VectorLimits(QuantizationLimits):
    """How far the embeddings of an 8-bit file may deviate: 1 minus the mean cosine similarity to the network's."""

    pictures: PositiveInt = 500
    """Pictures of the validation part to measure it on."""
    dynamic: Fraction = 0.02
    """With 8-bit weights."""
    int8: Fraction = 0.05
    """With 8-bit arithmetic."""

    @classmethod
    def tiny(cls) -> Self:
        """For networks that were hardly trained."""
        return cls(pictures=40, dynamic=0.5, int8=0.5)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RepresentationRecipe(ImageRecipe):
    """A self-supervised encoder of pictures; labels, where there are any, are used for evaluation only."""

    chooses: ClassVar[str] = "aigc_tf.metrics.held_out:HeldOutLoss"
    chosen_on: ClassVar[Literal["validation", "train"]] = "validation"
    curves: ClassVar[str | None] = "aigc_tf.metrics.images.probe:probe_curves"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.vectors:vector_quality"
    evaluate_options: ClassVar[type] = NoOptions
    pipeline_tag: ClassVar[str | None] = "image-feature-extraction"

    optimizer: AdamSettings = AdamSettings()
    schedule: ScheduleSettings = ScheduleSettings(warmup_steps=100)
    weight_decay: NonNegativeFloat = 0.01
    """Decoupled weight decay of matrices, scaled by the learning rate (Loshchilov & Hutter 2019); vectors have none."""
    logging: LoggingSettings = LoggingSettings(samples_every=500, evaluate_every=250)
    checkpoints: CheckpointSettings = CheckpointSettings(every=250)
    export_limits: VectorLimits = VectorLimits()  # type: ignore[assignment]  # of other quantities
