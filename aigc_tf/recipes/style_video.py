"""Style transfer for clips without flicker (002 §6.4, 004 §1.1)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.photos import PhotoLimits, PhotoSettings
from aigc_tf.recipes.style import Style
from aigc_tf.recipes.video import ClipRecipe, VideoSettings


def _photos(recipe: StyleVideo) -> PhotoSettings:
    """The form of a frame."""
    return PhotoSettings(crop=recipe.video.crop, channels=recipe.video.channels)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class StyleVideo(ClipRecipe, Style):
    """Video style transfer: the per-frame network of `style`, trained with a temporal loss on adjacent frames."""

    model: ClassVar[str] = "aigc_tf.families.style.video:VideoStyle"
    data: ClassVar[str] = "aigc_tf.data.video.styled:open_styled"
    reads: ClassVar[tuple[str, ...]] = ()  # folders of clips belong to `predict_video`
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.images.style:Styled",
        "aigc_tf.metrics.video.flicker:Flicker",
    )
    pipeline_tag: ClassVar[str | None] = "video-to-video"
    photos: ClassVar[Any] = property(_photos)  # type: ignore[misc]  # no field here

    video: VideoSettings = VideoSettings(size=160, crop=160)
    temporal_weight: NonNegativeFloat = 400.0
    """Weight of the temporal loss: mean squared difference of styled frames where their inputs agree; 0 is `style`."""
    shift: Annotated[int, Field(ge=1, le=32)] = 8
    """Maximum synthetic motion: frames are shifted by whole pixels, down and to the right."""
    grain: NonNegativeFloat = 0.02
    """Maximum standard deviation of the noise on shifted frames, where brightness is in [0, 1]."""
    unchanged: Annotated[float, Field(gt=0)] = 0.03
    """Scale of brightness differences: pixels of adjacent frames that differ by much more get little weight."""
    surround: Annotated[int, Field(ge=0)] = 24
    steps: PositiveInt = 3_500
    batch_size: PositiveInt = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.shift > self.surround:
            raise ValueError(f"shift is {self.shift}: frames are moved by at most surround ({self.surround}) pixels")

    @property
    def window(self) -> int:
        """Frames in an example: two adjacent ones."""
        return 2

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            video=VideoSettings(size=32, crop=32, channels=1),
            batch_size=2,
            unet_filters=(4, 4),
            lowest_blocks=1,
            surround=4,
            shift=3,
            style_side=32,
            export_limits=PhotoLimits.tiny(),
        )
