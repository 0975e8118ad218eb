"""Shared parts of the video recipes: how clips become examples, and how long to train."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.fields import STRICT, Fraction
from aigc_tf.recipes.images import MAX_SIDE
from aigc_tf.recipes.photos import PhotoLimits
from aigc_tf.recipes.settings import AdamSettings, ScheduleSettings, Settings

CLIP_ENDINGS = (".mp4", ".gif", ".avi", ".mkv", ".mov", ".webm", ".m4v", ".mpg")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class VideoSettings(Settings):
    """Clips, and the windows of them used for training."""

    rate: PositiveFloat | None = None
    """Frame rate that clips are resampled to, in frames per second. None keeps all frames."""
    size: Annotated[int, Field(ge=8, le=MAX_SIDE)] | None = 64
    """Pixels of the shorter side that frames are resized to; None keeps their size."""
    crop: Annotated[int, Field(ge=16, le=MAX_SIDE)] = 64
    """Height and width of random square crops in pixels; evaluation uses centre crops."""
    channels: Literal[1, 3] = 3
    """1 is grey, 3 is RGB."""
    mirror: bool = True
    """Flip windows horizontally at random."""
    max_frames: PositiveInt = 3000
    """Maximum frames of a clip, from its beginning: frames are held in memory."""
    max_unreadable: Fraction = 0.1
    """Largest share of unreadable clips that is skipped; more are an error."""

    def __post_init__(self) -> None:
        if self.size is not None and self.size < self.crop:
            raise ValueError(f"video.crop is {self.crop}, and frames have {self.size} pixels (video.size): crop less")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ClipRecipe(Recipe):
    """A recipe for a model trained on windows of clips."""

    data: ClassVar[str] = "aigc_tf.data.video.opening:open_source"
    reads: ClassVar[tuple[str, ...]] = CLIP_ENDINGS

    video: VideoSettings = VideoSettings()

    @property
    @abc.abstractmethod
    def window(self) -> int:
        """Frames in an example."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class VideoRecipe(ClipRecipe):
    """A recipe for a model that predicts frames from frames."""

    chooses: ClassVar[str] = "aigc_tf.metrics.held_out:HeldOutLoss"
    curves: ClassVar[str | None] = "aigc_tf.metrics.video.frames:curves"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.video:video_quality"
    networks: ClassVar[Mapping[str, str]]

    steps: PositiveInt = 10_000
    batch_size: PositiveInt = 4
    unet_filters: Annotated[tuple[PositiveInt, ...], Field(min_length=2, max_length=6)] = (24, 32, 48)
    """Channels of the U-Net at a half, a quarter, ... of the size."""
    lowest_blocks: PositiveInt = 2
    """Residual blocks at the lowest resolution; the others have one on the way down and one on the way up."""
    average_clips: PositiveInt | None = 3_000
    """Longest horizon, in clips, of the exponential moving average (EMA) of the weights; None keeps no EMA."""
    optimizer: AdamSettings = AdamSettings(learning_rate=2e-3, clip_norm=1.0)
    schedule: ScheduleSettings = ScheduleSettings(final_share=0.02)
    export_limits: PhotoLimits = PhotoLimits()

    def __post_init__(self) -> None:
        if self.video.crop % self.granularity:
            raise ValueError(f"video.crop is {self.video.crop}: it must be divisible by {self.granularity}")

    @property
    def granularity(self) -> int:
        """Pixels that height and width of an input must be multiples of."""
        return 2 ** len(self.unet_filters)

    @classmethod
    def small(cls, **fields: Any) -> Self:
        """A version that trains a step in milliseconds, for `tiny` of the recipes."""
        return cls(
            video=VideoSettings(size=32, crop=32, channels=1),
            batch_size=2,
            unet_filters=(4, 4),
            lowest_blocks=1,
            export_limits=PhotoLimits.tiny(),
            **fields,
        )
