"""GAN of short clips whose latent separates content and motion (002 §6.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.augment import DifferentiableAugmentation
from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.gans import GameRecipe, R1Settings
from aigc_tf.recipes.settings import AdamSettings, QuantizationLimits
from aigc_tf.recipes.video import ClipRecipe, VideoSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ClipLimits(QuantizationLimits):
    """By what share quantizing may change the Fréchet distance to training windows; a file beyond it is not kept."""

    samples: Annotated[int, Field(ge=2)] = 200
    """Clips generated to measure it."""
    dynamic: NonNegativeFloat = 0.1
    """With 8-bit weights."""
    int8: NonNegativeFloat = 0.3
    """With 8-bit arithmetic."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class VideoGAN(ClipRecipe, GameRecipe):
    """GAN of clips after MoCoGAN (Tulyakov et al. 2018), with one discriminator that judges frames and motion."""

    model: ClassVar[str] = "aigc_tf.families.gan.video:VideoGAN"
    networks: ClassVar[Mapping[str, str]] = {
        "generator": "aigc_tf.families.gan.networks.video_gan:generator",
        "discriminator": "aigc_tf.families.gan.networks.video_gan:discriminator",
    }
    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.video.drawn:DrawnClips",)
    chooses: ClassVar[str] = "aigc_tf.metrics.video.drawn:ClipDistance"
    chosen_on: ClassVar[Any] = "train"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.video:drawn_quality"
    reads: ClassVar[tuple[str, ...]] = ()  # folders of clips belong to `predict_video`
    differentiable: ClassVar[Any] = DifferentiableAugmentation()  # type: ignore[misc]  # of pictures
    latent_dim: ClassVar[Any] = property(lambda recipe: recipe.content + recipe.frames * recipe.motion)  # type: ignore[misc]

    video: VideoSettings = VideoSettings(size=48, crop=48)
    frames: Annotated[int, Field(ge=2, le=64)] = 8
    """Frames in a clip."""
    content: PositiveInt = 32
    """Latent dimensions shared by all frames (content)."""
    motion: PositiveInt = 6
    """Latent dimensions of each frame (motion)."""
    units: PositiveInt = 24
    """Units of the GRU that turns the motion latents of a frame and those before it into its motion code."""
    steps: PositiveInt = 6_000
    batch_size: PositiveInt = 8
    r1: R1Settings = R1Settings(weight=1.0)
    generator_optimizer: AdamSettings = AdamSettings(learning_rate=4e-4, beta_1=0.5)
    average_images: PositiveInt | None = 4_000
    """Longest horizon, in clips, of the exponential moving average (EMA) of the generator; None keeps no EMA."""
    generator_filters: tuple[PositiveInt, ...] = (128, 64, 32)
    """Channels of a frame after the dense layer and the transposed convolutions; each doubles sizes."""
    discriminator_filters: Annotated[tuple[PositiveInt, ...], Field(min_length=2)] = (24, 48, 96)
    """Channels of the strided convolutions applied to each frame."""
    change_filters: PositiveInt = 16
    """Channels of each frame's features, one convolution before the last, on which motion is judged."""
    kernel_size: PositiveInt = 5
    """Kernel size of every convolution."""
    slope: PositiveFloat = 0.2
    """Negative slope of the discriminator's LeakyReLU."""
    normalisation_momentum: ProperFraction | None = 0.8
    """Momentum of the generator's batch-norm statistics; None omits batch normalisation."""
    export_limits: ClipLimits = ClipLimits()

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("generator_filters", "discriminator_filters"):
            scale = 2 ** len(getattr(self, name))
            if self.video.crop % scale:
                raise ValueError(f"video.crop is {self.video.crop}: {name} halve it, it must be divisible by {scale}")

    @property
    def window(self) -> int:
        """Frames in an example."""
        return self.frames

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            video=VideoSettings(size=32, crop=32, channels=1),
            frames=3,
            content=4,
            motion=2,
            units=4,
            batch_size=4,
            generator_filters=(8, 4),
            discriminator_filters=(4, 4),
            change_filters=2,
            export_limits=ClipLimits(samples=16, dynamic=1.0, int8=2.0),
        )
