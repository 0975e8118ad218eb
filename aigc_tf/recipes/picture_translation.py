"""Shared parts of the image-to-image translation recipes."""

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
    """Instance normalisation uses statistics of its whole input: tiles differ from the whole picture."""

    tile: Annotated[int, Field(ge=32, le=MAX_SIDE)] = 1024
    """Height and width of a tile in pixels; a whole picture should fit."""
    overlap: Annotated[int, Field(ge=0, le=512)] = 0
    """Context around each tile in pixels."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TranslationRecipe(UnetRecipe):
    """A recipe for a model that translates pictures of one domain into another: two folders, A and B."""

    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.images.translation:Translated",)

    transform_options: ClassVar[type] = WholePictures

    target: str | None = None
    """Folder B, the target domain; for pairs, its pictures have the names of those in the source, folder A. Without it,
    each picture of the source holds both, side by side."""
    batch_size: PositiveInt = 4
    photos: PhotoSettings = PhotoSettings(turns="mirror")
    unet_filters: Annotated[tuple[PositiveInt, ...], Field(min_length=2, max_length=6)] = (32, 64, 96, 96)
    discriminator_filters: tuple[PositiveInt, PositiveInt, PositiveInt] = (32, 64, 128)
    """Channels of the patch discriminator's convolutions."""
    generator_optimizer: AdamSettings = AdamSettings(learning_rate=5e-4, beta_1=0.5)
    discriminator_optimizer: AdamSettings = AdamSettings(learning_rate=2e-4, beta_1=0.5)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.photos.test is not None:
            raise ValueError("photos.test is for single photographs: put test pairs into folders train/ and test/")
