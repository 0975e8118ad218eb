"""Contrastive matching of pictures and text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.augment import ClassicalAugmentation
from aigc_tf.recipes.captioned import CaptionedRecipe
from aigc_tf.recipes.fields import STRICT, Count, Fraction, ProperFraction
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.options import Options
from aigc_tf.recipes.settings import (
    AdamSettings,
    CheckpointSettings,
    LoggingSettings,
    QuantizationLimits,
    ScheduleSettings,
)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MatchLimits(QuantizationLimits):
    """By how much quantizing may lower recall at 10 on validation pairs; a file beyond it is not kept."""

    pairs: PositiveInt = 500
    """Pairs of the validation part to measure it on."""
    dynamic: Fraction = 0.03
    """With 8-bit weights."""
    int8: Fraction = 0.05
    """With 8-bit arithmetic."""

    @classmethod
    def tiny(cls) -> Self:
        """For networks that were hardly trained."""
        return cls(pairs=40, dynamic=1.0, int8=1.0)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Finding(Options):
    """Retrieval and zero-shot classification: what a picture or a text is matched against."""

    against: str | None = None
    """A folder of pictures to search."""
    among: tuple[str, ...] = ()
    """Candidate texts, such as labels of a picture; without a folder or texts, the training captions."""
    found: Count = 12
    """Number of results, the best first."""

    def __post_init__(self) -> None:
        if self.against is not None and self.among:
            raise ValueError("against is a folder to search, and among are words to choose among: give one of them")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Match(CaptionedRecipe):
    """CLIP (Radford et al. 2021, small): two encoders that map pictures and their captions to similar embeddings."""

    model: ClassVar[str] = "aigc_tf.families.matching.model:Matcher"
    networks: ClassVar[Mapping[str, str]] = {
        "pictures": "aigc_tf.families.matching.networks:picture_tower",
        "words": "aigc_tf.families.matching.networks:caption_tower",
    }
    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.captioned.matching:Matching",)
    chooses: ClassVar[str] = "aigc_tf.metrics.captioned.matching:MatchingRank"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.matching:matching_quality"
    transform_options: ClassVar[type] = Finding
    pipeline_tag: ClassVar[str | None] = "zero-shot-image-classification"
    inputs_may_be_words: ClassVar[bool] = True

    steps: PositiveInt = 4000
    batch_size: PositiveInt = 64
    """Pairs per training step; the captions of the other pictures are the negatives."""
    vector_size: PositiveInt = 128
    """Length of the embeddings of both encoders."""
    filters: tuple[PositiveInt, ...] = (32, 64, 128)
    """Channels of the picture encoder at a half, a quarter, ... of the size."""
    drop_words: ProperFraction = 0.1
    """Share of the words replaced by the unknown token during training."""
    optimizer: AdamSettings = AdamSettings(learning_rate=1e-3, beta_2=0.98, clip_norm=1.0)
    schedule: ScheduleSettings = ScheduleSettings(warmup_steps=50)
    weight_decay: NonNegativeFloat = 0.01
    """Decoupled weight decay of matrices, scaled by the learning rate (Loshchilov & Hutter 2019)."""
    augmentation: ClassicalAugmentation = ClassicalAugmentation(shift=0.1, zoom=0.1, rotation=8.0)
    logging: LoggingSettings = LoggingSettings(samples_every=500, evaluate_every=250)
    checkpoints: CheckpointSettings = CheckpointSettings(every=500)
    export_limits: MatchLimits = MatchLimits()

    def __post_init__(self) -> None:
        if self.batch_size < 2:
            raise ValueError("batch_size is 1: a picture is contrasted with the captions of others, give at least 2")

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            images=ImageSettings(height=16, width=16, channels=3),
            filters=(8, 8),
            vector_size=8,
            batch_size=8,
            export_limits=MatchLimits.tiny(),
        )
