"""A GAN with a discriminator trained with differential privacy (000 §3.13.4 and §3.14.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.gans import GANRecipe
from aigc_tf.recipes.images import ExportLimits, ImageSettings
from aigc_tf.recipes.private import ExpectedBatch, PrivacySettings, Private, refuse
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DPGAN(Private, GANRecipe):
    """GAN with differential privacy: a dense discriminator, its gradients of real images clipped and noised (DP-SGD).

    The generator sees no real image; it is a small DCGAN generator followed by average pooling.
    """

    model: ClassVar[str] = "aigc_tf.families.private.gan:PrivateGAN"
    networks: ClassVar[Mapping[str, str]] = {
        "generator": "aigc_tf.families.private.networks:generator",
        "discriminator": "aigc_tf.families.private.networks:discriminator",
    }

    steps: PositiveInt = 1000
    batch_size: ExpectedBatch = 1024
    """Expected batch size: each image is in each batch of the discriminator with probability batch_size / images."""

    privacy: PrivacySettings = PrivacySettings()
    discriminator_steps: PositiveInt = 2
    generator_filters: tuple[PositiveInt, PositiveInt, PositiveInt] = (32, 16, 8)
    """Channels after the dense layer and the first two transposed convolutions."""
    kernel_size: PositiveInt = 5
    """Kernel size of the generator's convolutions, in pixels."""
    generator_slope: NonNegativeFloat = 0.3
    """Negative slope of the generator's LeakyReLU."""
    normalisation_momentum: ProperFraction = 0.8
    """Momentum of the generator's batch-norm statistics."""
    pooling: PositiveInt = 2
    """Side of the average pooling, in pixels, of the discriminator's inputs and of the generator's images."""
    discriminator_units: tuple[PositiveInt, ...] = (256, 128)
    """Units of the discriminator's dense layers before the logit."""
    discriminator_slope: NonNegativeFloat = 0.2
    """Negative slope of the discriminator's LeakyReLU."""
    dropout: ProperFraction = 0.0
    """Dropout rate of the discriminator."""
    generator_optimizer: AdamSettings = AdamSettings(learning_rate=1e-3, beta_1=0.5)
    discriminator_optimizer: AdamSettings = AdamSettings(learning_rate=2e-4, beta_1=0.5)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.images.refuse_unless_doubled(2)
        refuse(self, "the private discriminator has none", "gradient_penalty", "r1", "spectral_normalisation")
        refuse(self, "the private discriminator does not support it", "instance_noise", "differentiable", "replay")
        refuse(self, "the accountant assumes each image as it is", "augmentation")
        refuse(
            self,
            "the features of its quality figure are learnt from the images without privacy",
            "stop_after",
            "stop_at",
        )
        if self.guard.action != "warn":
            raise ValueError(
                f"guard.action is {self.guard.action}: it would act on outputs for real images that no noise hides, "
                "choose warn"
            )

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
            generator_filters=(16, 8, 8),
            discriminator_units=(32, 16),
            batch_size=32,
            export_limits=ExportLimits.tiny(),
        )
