"""Prediction of the next frames of a clip (002 §6.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, Count
from aigc_tf.recipes.options import Options
from aigc_tf.recipes.video import VideoRecipe


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Predicting(Options):
    """How a clip goes on."""

    frames: Count = 5
    """That are made after its end; the further ahead, the less sure."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PredictVideo(VideoRecipe):
    """U-Net or ConvLSTM (Shi et al. 2015) that makes the next frame as its difference to the last, again and again."""

    model: ClassVar[str] = "aigc_tf.families.video.predict:NextFrames"
    networks: ClassVar[Mapping[str, str]] = {"network": "aigc_tf.families.video.networks:next_frame"}
    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.video.frames:FramesAhead",)
    transform_options: ClassVar[type] = Predicting

    network: Literal["unet", "convlstm"] = "unet"
    """What sees a frame and what it remembers: of the U-Net the frames before, of the ConvLSTM a state."""
    past: Annotated[int, Field(ge=2, le=32)] = 4
    """Frames that are given; the U-Net sees them all."""
    ahead: Annotated[int, Field(ge=1, le=32)] = 5
    """Frames that are predicted while training, each of those before it."""
    layers: PositiveInt = 2
    """Of the ConvLSTM."""
    filters: PositiveInt = 48
    """Channels of the ConvLSTM's states, at half the size."""

    @property
    def window(self) -> int:
        """Frames of an example."""
        return self.past + self.ahead

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls.small(past=2, ahead=2)
