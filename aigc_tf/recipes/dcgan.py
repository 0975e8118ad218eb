"""The DCGAN of article 002 §5.2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.gans import GANRecipe, R1Settings
from aigc_tf.recipes.images import ExportLimits, ImageSettings
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DCGAN(GANRecipe):
    """Deep convolutional GAN: layers of article 002 §5.2, settings found by measurement (docs/RESULTS.md)."""

    networks: ClassVar[Mapping[str, str]] = {
        "generator": "aigc_tf.families.gan.networks.dcgan:generator",
        "discriminator": "aigc_tf.families.gan.networks.dcgan:discriminator",
    }

    steps: PositiveInt = 6000
    batch_size: PositiveInt = 16
    r1: R1Settings = R1Settings(weight=0.5)

    generator_filters: tuple[PositiveInt, PositiveInt, PositiveInt] = (256, 128, 64)
    """Channels after the dense layer and the first two transposed convolutions."""
    discriminator_filters: tuple[PositiveInt, ...] = (64, 128, 256)
    """Channels of the strided convolutions."""
    kernel_size: PositiveInt = 5
    """Kernel size of every convolution, in pixels."""
    generator_slope: NonNegativeFloat = 0.3
    """Negative slope of the generator's LeakyReLU; the article leaves it at Keras's default."""
    discriminator_slope: NonNegativeFloat = 0.2
    """Negative slope of the discriminator's LeakyReLU."""
    dropout: ProperFraction = 0.3
    """Dropout rate of the discriminator."""
    normalisation_momentum: ProperFraction = 0.8
    """Momentum of the generator's batch-norm statistics."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.images.refuse_unless_doubled(2)

    @classmethod
    def printed(cls) -> Self:
        """The layers, which are the default's, and the learning rate that the article prints; it has no batch size."""
        rate = AdamSettings(learning_rate=1e-4)
        return cls(r1=R1Settings(), generator_optimizer=rate, discriminator_optimizer=rate, average_images=None)

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            source="fashion_mnist_10k",
            images=ImageSettings(height=16, width=16),
            latent_dim=8,
            generator_filters=(16, 8, 8),
            discriminator_filters=(8, 8),
            batch_size=8,
            export_limits=ExportLimits.tiny(),
        )
