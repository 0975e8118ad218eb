"""A GAN whose discriminator is trained with differential privacy (000 §3.13.4 and §3.14.5)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.base import STRICT, AdamSettings, ExportLimits, ImageSettings
from aigc_tf.recipes.mlp_gan import MLPGAN
from aigc_tf.recipes.private import ExpectedBatch, PrivacySettings, Private, refuse


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DPGAN(Private, MLPGAN):
    """GAN with differential privacy: dense layers, the discriminator's gradients of real images clipped and noised."""

    model: ClassVar[str] = "aigc_tf.models.private_gan:PrivateGAN"
    watch: ClassVar[str] = "aigc_tf.privacy.meter:PrivateGuard"

    steps: PositiveInt = 4000
    batch_size: ExpectedBatch = 512
    """Expected: each image is in each batch of the discriminator with probability batch_size / images."""

    privacy: PrivacySettings = PrivacySettings(clip_norm=0.1)
    discriminator_steps: PositiveInt = 1
    generator_units: tuple[PositiveInt, ...] = (256, 512)
    discriminator_units: tuple[PositiveInt, ...] = (256, 128)
    discriminator_slope: NonNegativeFloat = 0.2
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    generator_optimizer: AdamSettings = AdamSettings(learning_rate=4e-4, beta_1=0.5)
    discriminator_optimizer: AdamSettings = AdamSettings(learning_rate=4e-4, beta_1=0.5)

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse(self, "the private discriminator has none", "gradient_penalty", "r1", "spectral_normalisation")
        refuse(self, "the private discriminator knows nothing of it", "instance_noise", "differentiable", "replay")
        refuse(self, "the accountant knows each image as it is", "augmentation")

    @property
    def updates_per_step(self) -> int:
        """Those of the discriminator."""
        return self.discriminator_steps

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            source="fashion_mnist_10k",
            images=ImageSettings(height=16, width=16),
            latent_dim=8,
            generator_units=(16, 32),
            discriminator_units=(32, 16),
            discriminator_steps=2,
            batch_size=32,
            export_limits=ExportLimits.tiny(),
        )
