"""Which caption belongs to which moment of a clip (003 §4.2.3(3))."""

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
    """On which it is measured."""
    dynamic: Annotated[float, Field(ge=0)] = 0.3
    """With 8-bit weights."""
    int8: Annotated[float, Field(ge=0)] = 1.0
    """With 8-bit arithmetic."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Align(ClipRecipe):
    """Two networks, of frames and of captions, whose vectors are alike where a caption says what a frame shows.

    It learns from clips that are put together of captioned pictures, as CLIP does from pictures (Radford et al. 2021).
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
    """Of a clip."""
    scenes: Annotated[int, Field(ge=2, le=16)] = 4
    """Pictures of a clip, each with its caption."""
    shortest: PositiveInt = 2
    """Frames that a picture is shown, at least."""
    steps: PositiveInt = 4_000
    batch_size: PositiveInt = 8
    filters: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (32, 64, 128)
    """Channels of the convolutions that see a frame, each of which halves it."""
    numbers: PositiveInt = 96
    """Length of the vectors of frames and captions."""
    buckets: Annotated[int, Field(ge=16, le=2**20)] = 8192
    """Numbers that words, and what they are made of, are hashed to."""
    grams: Annotated[int, Field(ge=4, le=1024)] = 96
    """Words and parts of words of a caption, at most; what is beyond is not read."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    """Share of what is read and seen that is left out while training."""
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
        """Frames of an example."""
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
