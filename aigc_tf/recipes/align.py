"""Moment retrieval: which moment of a clip a caption describes (003 §4.2.3(3))."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import Field, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.settings import AdamSettings, QuantizationLimits, ScheduleSettings
from aigc_tf.recipes.video import ClipRecipe, VideoSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MomentLimits(QuantizationLimits):
    """By how many frames quantizing may enlarge the error of validation clips; a file beyond it is not kept."""

    clips: PositiveInt = 50
    """Validation clips to measure it on."""
    dynamic: Annotated[float, Field(ge=0)] = 0.3
    """With 8-bit weights."""
    int8: Annotated[float, Field(ge=0)] = 1.0
    """With 8-bit arithmetic."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Align(ClipRecipe):
    """Moment retrieval: frame and caption encoders whose embeddings are similar where the caption fits the frame.

    Trained contrastively, as CLIP is on pictures (Radford et al. 2021), on clips composed of captioned pictures.
    """

    model: ClassVar[str] = "aigc_tf.families.alignment.model:Aligner"
    networks: ClassVar[Mapping[str, str]] = {
        "look": "aigc_tf.families.alignment.networks:look",
        "read": "aigc_tf.families.alignment.networks:read",
    }
    data: ClassVar[str] = "aigc_tf.data.moments.opening:open_source"
    reads: ClassVar[tuple[str, ...]] = ()
    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.video.moments:MomentsFound",)
    chooses: ClassVar[str] = "aigc_tf.metrics.video.moments:MomentError"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.moments:moment_quality"

    video: VideoSettings = VideoSettings(size=48, crop=48)
    frames: Annotated[int, Field(ge=2, le=64)] = 16
    """Frames in a clip."""
    scenes: Annotated[int, Field(ge=2, le=16)] = 4
    """Pictures in a clip, each with its caption."""
    shortest: PositiveInt = 2
    """Minimum number of frames for which a picture is shown."""
    steps: PositiveInt = 4_000
    batch_size: PositiveInt = 8
    filters: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (32, 64, 128)
    """Channels of the frame encoder's convolutions, each of which halves the size."""
    numbers: PositiveInt = 96
    """Length of the embeddings of frames and captions."""
    buckets: Annotated[int, Field(ge=16, le=2**20)] = 8192
    """Hash buckets for words and parts of words."""
    grams: Annotated[int, Field(ge=4, le=1024)] = 96
    """Maximum number of words and parts of words read from a caption; the rest is ignored."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    """Dropout rate of both encoders' pooled features during training."""
    optimizer: AdamSettings = AdamSettings(learning_rate=1e-3, clip_norm=1.0)
    schedule: ScheduleSettings = ScheduleSettings(final_share=0.02)
    export_limits: MomentLimits = MomentLimits()

    def __post_init__(self) -> None:
        if self.scenes * self.shortest > self.frames:
            raise ValueError(
                f"frames is {self.frames}: {self.scenes} pictures (scenes) of {self.shortest} frames (shortest) need "
                f"{self.scenes * self.shortest}"
            )

    @property
    def window(self) -> int:
        """Frames in an example."""
        return self.frames

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            video=VideoSettings(size=32, crop=32, channels=1),
            frames=5,
            scenes=2,
            batch_size=2,
            filters=(4, 8),
            numbers=8,
            buckets=64,
            grams=16,
            export_limits=MomentLimits(clips=8, dynamic=5.0, int8=5.0),
        )
