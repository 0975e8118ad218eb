"""Video prediction: the next frames of a clip (002 §6.4)."""

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
    """How a clip is continued."""

    frames: Count = 5
    """Frames to predict after the end; the further ahead, the less certain."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PredictVideo(VideoRecipe):
    """Video prediction: a U-Net or ConvLSTM (Shi et al. 2015) predicts frame by frame, as residuals to the last one."""

    model: ClassVar[str] = "aigc_tf.families.video.predict:NextFrames"
    networks: ClassVar[Mapping[str, str]] = {"network": "aigc_tf.families.video.networks:next_frame"}
    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.video.frames:FramesAhead",)
    transform_options: ClassVar[type] = Predicting

    network: Literal["unet", "convlstm"] = "unet"
    """unet: sees the given frames at once. convlstm: sees one frame at a time and keeps a state."""
    past: Annotated[int, Field(ge=2, le=32)] = 4
    """Given frames; the U-Net sees them all."""
    ahead: Annotated[int, Field(ge=1, le=32)] = 5
    """Frames predicted during training, each from those before it."""
    layers: PositiveInt = 2
    """Layers of the ConvLSTM."""
    filters: PositiveInt = 48
    """Channels of the ConvLSTM's states, at half the size."""

    @property
    def window(self) -> int:
        """Frames in an example."""
        return self.past + self.ahead

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls.small(past=2, ahead=2)
