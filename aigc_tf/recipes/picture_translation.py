"""What the recipes of translation between two kinds of pictures share."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.images import MAX_SIDE
from aigc_tf.recipes.photos import PhotoSettings, Tiling, UnetRecipe
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class WholePictures(Tiling):
    """Instance normalisation looks at all that it is given at once: parts differ from the whole."""

    tile: Annotated[int, Field(ge=32, le=MAX_SIDE)] = 1024
    """Pixels, height and width of the parts of an input; one picture should fit."""
    overlap: Annotated[int, Field(ge=0, le=512)] = 0
    """Pixels around a part that the network sees, too."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TranslationRecipe(UnetRecipe):
    """A recipe for a model that turns pictures of one kind into another: two folders, A and B."""

    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.images.translation:Translated",)

    transform_options: ClassVar[type] = WholePictures

    target: str | None = None
    """The folder B of what is made; its pictures have the names of those in the source, folder A, where they are pairs.
    Without it each picture of the source holds both, side by side."""
    batch_size: PositiveInt = 4
    photos: PhotoSettings = PhotoSettings(turns="mirror")
    unet_filters: Annotated[tuple[PositiveInt, ...], Field(min_length=2, max_length=6)] = (32, 64, 96, 96)
    discriminator_filters: tuple[PositiveInt, PositiveInt, PositiveInt] = (32, 64, 128)
    """Channels of the convolutions that judge patches."""
    generator_optimizer: AdamSettings = AdamSettings(learning_rate=5e-4, beta_1=0.5)
    discriminator_optimizer: AdamSettings = AdamSettings(learning_rate=2e-4, beta_1=0.5)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.photos.test is not None:
            raise ValueError("photos.test is for single photographs: put test pairs into folders train/ and test/")
