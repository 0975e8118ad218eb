"""A DCGAN of 64x64 colour images, the task of article 003 §6.1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.augment import ClassicalAugmentation, DifferentiableAugmentation
from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.gans import GANRecipe, R1Settings
from aigc_tf.recipes.images import ExportLimits, ImageSettings
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DCGAN64(GANRecipe):
    """DCGAN of 64x64 colour images: layers of Radford et al. 2015 a quarter as wide, settings found by measurement."""

    networks: ClassVar[Mapping[str, str]] = {
        "generator": "aigc_tf.families.gan.networks.dcgan64:generator",
        "discriminator": "aigc_tf.families.gan.networks.dcgan64:discriminator",
    }

    steps: PositiveInt = 18_000
    batch_size: PositiveInt = 16
    r1: R1Settings = R1Settings(weight=0.5)
    differentiable: DifferentiableAugmentation = DifferentiableAugmentation(colour=True, translation=0.125, cutout=0.5)
    """DiffAugment with the paper's settings: most sources of colour pictures are small enough to be memorised."""
    images: ImageSettings = ImageSettings(height=64, width=64, channels=3)

    generator_filters: tuple[PositiveInt, ...] = (256, 128, 64, 32)
    """Channels after the dense layer and the transposed convolutions, 1024 to 128 in the paper; each doubles sizes."""
    discriminator_filters: tuple[PositiveInt, ...] = (32, 64, 128, 256)
    """Channels of the strided convolutions."""
    discriminator_units: tuple[PositiveInt, ...] = ()
    """Units of dense layers after the convolutions; one of 128, and no convolutions, in the article."""
    kernel_size: PositiveInt = 5
    """Kernel size of every convolution, in pixels."""
    discriminator_normalisation: bool = False
    """The paper's batch normalisation in the discriminator, after all convolutions but the first; not with r1."""
    discriminator_slope: NonNegativeFloat = 0.2
    """Negative slope of the discriminator's LeakyReLU."""
    normalisation_momentum: ProperFraction | None = 0.8
    """Momentum of the batch-norm statistics; None, as in the article, omits batch normalisation."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.images.refuse_unless_doubled(len(self.generator_filters))
        if self.discriminator_normalisation and (self.gradient_penalty or self.r1.weight):
            raise ValueError(
                "discriminator_normalisation is on: an image's score depends on the others of its batch, and penalties "
                "on its gradient mean nothing; turn it off, or set r1.weight and gradient_penalty to 0"
            )
        if self.discriminator_normalisation and self.normalisation_momentum is None:
            raise ValueError(
                "normalisation_momentum is None, which leaves batch normalisation out: give a momentum, or turn "
                "discriminator_normalisation off"
            )

    @classmethod
    def printed(cls) -> Self:
        """The article's dense layer of 128, read as 8x8x2, its two convolutions, now doubling, and its discriminator.

        One more convolution outputs the pixels. Batch size, optimizer and augmentation are printed, too.
        """
        return cls(
            batch_size=32,
            r1=R1Settings(),
            differentiable=DifferentiableAugmentation(),
            augmentation=ClassicalAugmentation(flip=True, shift=0.1),
            generator_filters=(2, 64, 128),
            discriminator_filters=(),
            discriminator_units=(128,),
            kernel_size=3,
            discriminator_slope=0.0,
            normalisation_momentum=None,
            generator_optimizer=AdamSettings(),
            discriminator_optimizer=AdamSettings(),
            average_images=None,
        )

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            source="fashion_mnist_10k",
            images=ImageSettings(height=16, width=16),
            latent_dim=8,
            generator_filters=(16, 8),
            discriminator_filters=(8, 8),
            batch_size=8,
            export_limits=ExportLimits.tiny(),
        )
