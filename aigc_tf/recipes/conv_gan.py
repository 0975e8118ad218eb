"""The convolutional GAN of article 004 §3.4, §4.1 and §5.2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.gans import GANRecipe, R1Settings
from aigc_tf.recipes.images import ExportLimits, ImageSettings
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ConvGAN(GANRecipe):
    """Convolutional GAN: layers of article 004 §3.4, settings found by measurement (docs/RESULTS.md)."""

    networks: ClassVar[Mapping[str, str]] = {
        "generator": "aigc_tf.families.gan.networks.conv_gan:generator",
        "discriminator": "aigc_tf.families.gan.networks.conv_gan:discriminator",
    }

    steps: PositiveInt = 3000
    batch_size: PositiveInt = 16
    # Updated only as often as the generator, the discriminator falls behind: samples collapse to one shifting picture.
    discriminator_steps: PositiveInt = 3
    r1: R1Settings = R1Settings(weight=0.2)

    generator_filters: PositiveInt = 128
    """Channels of each of the generator's convolutions but the last, which outputs the pixels."""
    generator_depths: tuple[PositiveInt, NonNegativeInt, NonNegativeInt] = (3, 2, 1)
    """Number of these convolutions at a quarter, half and the full size."""
    generator_slope: NonNegativeFloat = 0.2
    """Negative slope of the generator's LeakyReLU; the article has ReLU, a slope of 0."""
    second_dense: bool = False
    """The article's second dense layer, of 39 million weights at 28x28."""
    discriminator_filters: tuple[PositiveInt, ...] = (64, 128, 256)
    """Channels of the discriminator's convolutions; 64 and 128 in the article."""
    discriminator_stride: PositiveInt = 2
    """Stride of each of these convolutions; 1 in the article."""
    discriminator_slope: NonNegativeFloat = 0.2
    """Negative slope of the discriminator's LeakyReLU; the article has ReLU, a slope of 0."""
    dropout: ProperFraction = 0.3
    """Dropout rate of the discriminator."""
    normalisation_momentum: ProperFraction | None = 0.8
    """Momentum of the generator's batch-norm statistics; None, as in the article, omits batch normalisation."""

    generator_optimizer: AdamSettings = AdamSettings(learning_rate=3e-4, beta_1=0.5)
    discriminator_optimizer: AdamSettings = AdamSettings(learning_rate=6e-4, beta_1=0.5)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.images.refuse_unless_doubled(2)

    @classmethod
    def printed(cls) -> Self:
        """The layers and the learning rate that the article prints, with two doublings so that sizes fit."""
        rate = AdamSettings(learning_rate=1e-4)
        return cls(
            discriminator_steps=1,
            r1=R1Settings(),
            generator_slope=0.0,
            second_dense=True,
            discriminator_filters=(64, 128),
            discriminator_stride=1,
            discriminator_slope=0.0,
            dropout=0.0,
            normalisation_momentum=None,
            generator_optimizer=rate,
            discriminator_optimizer=rate,
            average_images=None,
        )

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            source="fashion_mnist_10k",
            images=ImageSettings(height=16, width=16),
            latent_dim=8,
            generator_filters=8,
            generator_depths=(1, 1, 1),
            discriminator_filters=(8, 8),
            batch_size=8,
            export_limits=ExportLimits.tiny(),
        )
