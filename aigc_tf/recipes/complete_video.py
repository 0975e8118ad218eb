"""Video frame interpolation: frames between given ones (002 §6.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import Field
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.video import VideoRecipe


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CompleteVideo(VideoRecipe):
    """Frame interpolation: a U-Net predicts all frames of a gap at once, as residuals to the blend of its borders."""

    model: ClassVar[str] = "aigc_tf.families.video.complete:GapFrames"
    networks: ClassVar[Mapping[str, str]] = {"network": "aigc_tf.families.video.networks:gap_frames"}
    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.video.frames:FramesBetween",)

    known: Annotated[int, Field(ge=1, le=8)] = 2
    """Frames that are given on each side of the gap."""
    gap: Annotated[int, Field(ge=1, le=16)] = 4
    """Frames that are missing."""

    @property
    def window(self) -> int:
        """Frames in an example."""
        return 2 * self.known + self.gap

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls.small(gap=2)
