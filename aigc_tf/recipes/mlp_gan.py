"""The fully connected GAN of article 001 §3.2 and §4.2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.gans import GANRecipe
from aigc_tf.recipes.images import ExportLimits, ImageSettings
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MLPGAN(GANRecipe):
    """Fully connected GAN: layers of article 001 §4.2, settings found by short trials (docs/RESULTS.md)."""

    networks: ClassVar[Mapping[str, str]] = {
        "generator": "aigc_tf.families.gan.networks.mlp_gan:generator",
        "discriminator": "aigc_tf.families.gan.networks.mlp_gan:discriminator",
    }

    steps: PositiveInt = 25_000
    batch_size: PositiveInt = 32

    generator_units: tuple[PositiveInt, ...] = (128, 256, 512, 1024)
    """Units of the generator's dense layers before the pixels."""
    discriminator_units: tuple[PositiveInt, ...] = (512, 256, 128)
    """Units of the discriminator's dense layers before the logit."""
    discriminator_slope: NonNegativeFloat = 0.2
    """Negative slope of the discriminator's LeakyReLU; the article has ReLU, a slope of 0."""
    dropout: ProperFraction = 0.3
    """Dropout rate of the discriminator."""
    normalisation_momentum: ProperFraction | None = 0.8
    """Momentum of the generator's batch-norm statistics; None, as in the article, omits batch normalisation."""

    generator_optimizer: AdamSettings = AdamSettings(learning_rate=4e-4, beta_1=0.5)
    discriminator_optimizer: AdamSettings = AdamSettings(learning_rate=4e-4, beta_1=0.5)

    @classmethod
    def printed(cls) -> Self:
        """The layers, batch size and learning rate that the article prints (docs/DOCUMENTS.md)."""
        rate = AdamSettings(learning_rate=2e-4)
        return cls(
            batch_size=64,
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
            generator_units=(16, 32),
            discriminator_units=(32, 16),
            batch_size=8,
            export_limits=ExportLimits.tiny(),
        )
