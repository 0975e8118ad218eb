"""Shared parts of the image recipes."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, NonNegativeFloat
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.augment import ClassicalAugmentation
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.fields import STRICT, Checked, Fraction
from aigc_tf.recipes.options import ImageEvaluation
from aigc_tf.recipes.settings import QuantizationLimits
from aigc_tf.recipes.slices import SliceSettings

PICTURE_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".heif")
MAX_SIDE = 4096  # pixels: beyond what these networks are for


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ImageSettings(SliceSettings):
    """Format of the images that a model is trained on and generates; sources are converted to it."""

    height: Annotated[int, Field(ge=1, le=MAX_SIDE)] = 28
    """Height in pixels."""
    width: Annotated[int, Field(ge=1, le=MAX_SIDE)] = 28
    """Width in pixels."""
    channels: Annotated[int, Field(ge=1, le=3)] = 1
    """1 is grey, 3 is RGB."""
    max_unreadable: Fraction = 0.01
    """Largest share of unreadable files in a folder that is skipped; more are an error."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.channels == 2:
            raise ValueError("images.channels is 2: choose 1 (grey) or 3 (RGB)")

    @property
    def shape(self) -> tuple[int, int, int]:
        """`(height, width, channels)`."""
        return (self.height, self.width, self.channels)

    def refuse_unless_doubled(self, times: int) -> None:
        """Raise ValueError if a generator that doubles height and width this many times cannot make such images."""
        scale = 2**times
        if self.height % scale or self.width % scale:
            raise ValueError(
                f"images are {self.height}x{self.width}: the generator doubles {times} times, height and width must be "
                f"divisible by {scale}"
            )


@dataclass(frozen=True, kw_only=True, config=STRICT)
class QuantizedLimits(metaclass=Checked):
    """How far an 8-bit file of an image model may deviate from the network."""

    distance_share: NonNegativeFloat
    """Largest change of the Fréchet distance to data, as a share of the network's own."""
    psnr_db: NonNegativeFloat
    """By how much the PSNR of reconstructions may fall."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ExportLimits(QuantizationLimits):
    """How much quantizing may change the quality of an image model; a file beyond it is not kept."""

    samples: Annotated[int, Field(ge=2)] = 10_000
    """Number of images generated, and of test images reconstructed, to measure it."""
    dynamic: QuantizedLimits = QuantizedLimits(distance_share=0.02, psnr_db=0.2)
    """With 8-bit weights."""
    int8: QuantizedLimits = QuantizedLimits(distance_share=0.05, psnr_db=0.5)
    """With 8-bit arithmetic."""

    @classmethod
    def tiny(cls) -> Self:
        """For networks that were hardly trained, measured with few images."""
        loose = QuantizedLimits(distance_share=0.5, psnr_db=1.0)
        return cls(samples=200, dynamic=loose, int8=loose)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ImageRecipe(Recipe):
    """A recipe for an image model."""

    data: ClassVar[str] = "aigc_tf.data.images.opening:open_source"
    reads: ClassVar[tuple[str, ...]] = (*PICTURE_ENDINGS, ".npz")
    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.images.samples:Samples",)
    chooses: ClassVar[str] = "aigc_tf.metrics.images.samples:FrechetDistance"
    chosen_on: ClassVar[Literal["validation", "train"]] = "train"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.images:image_quality"
    evaluate_options: ClassVar[type] = ImageEvaluation

    images: ImageSettings = ImageSettings()
    augmentation: ClassicalAugmentation = ClassicalAugmentation()
    """Augmentation of the training images."""
    export_limits: ExportLimits = ExportLimits()
