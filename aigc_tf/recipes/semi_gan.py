"""The semi-supervised GAN, whose discriminator classifies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.few_labels import ClassifyingLimits, FewLabelsRecipe
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.gans import R1Settings
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SemiGAN(FewLabelsRecipe, DCGAN):
    """Semi-supervised GAN: the discriminator is also a classifier, trained with few labels (Salimans et al. 2016, §5).

    The generator is trained by feature matching (§3.1): worse pictures than dcgan's, better classification.
    """

    model: ClassVar[str] = "aigc_tf.families.gan.semi:SemiGAN"
    networks: ClassVar[Mapping[str, str]] = {
        "generator": "aigc_tf.families.gan.networks.dcgan:generator",
        "discriminator": "aigc_tf.families.gan.networks.semi:discriminator",
    }

    steps: PositiveInt = 2000
    batch_size: PositiveInt = 32
    r1: R1Settings = R1Settings()
    generator_filters: tuple[PositiveInt, PositiveInt, PositiveInt] = (128, 64, 32)
    discriminator_filters: tuple[PositiveInt, ...] = (32, 64, 128)
    class_weight: NonNegativeFloat = 1.0
    """Weight of the classification loss, -log p of the known classes, in the discriminator's loss."""
    generator_optimizer: AdamSettings = AdamSettings(learning_rate=3e-4, beta_1=0.5)
    discriminator_optimizer: AdamSettings = AdamSettings(learning_rate=3e-4, beta_1=0.5)

    def __post_init__(self) -> None:
        super().__post_init__()
        unused = {
            "loss": self.loss != "non_saturating",
            "discriminator_steps": self.discriminator_steps > 1,
            "gradient_penalty": self.gradient_penalty,
            "r1": self.r1.weight,
            "instance_noise": self.instance_noise.deviation,
            "differentiable": self.differentiable.is_on,
            "replay": self.replay.share,
        }
        given = [name for name, is_given in unused.items() if is_given]
        if given:
            raise ValueError(f"a semi_gan's generator matches features in one game per step: leave {given[0]} out")

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
            export_limits=ClassifyingLimits.tiny(),
        )
