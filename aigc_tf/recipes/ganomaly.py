"""GANomaly, which article 000 §3.10.4 lists under data augmentation; it detects anomalies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.autoencoders import AutoencoderRecipe, LikelihoodSettings
from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.images import ExportLimits, ImageSettings
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class GANomaly(AutoencoderRecipe):
    """GANomaly (Akcay et al. 2018): anomaly detection, trained on normal images only."""

    model: ClassVar[str] = "aigc_tf.families.autoencoder.ganomaly:GANomaly"
    networks: ClassVar[Mapping[str, str]] = {
        "encoder": "aigc_tf.families.autoencoder.networks.ganomaly:encoder",
        "decoder": "aigc_tf.families.autoencoder.networks.ganomaly:decoder",
        "second_encoder": "aigc_tf.families.autoencoder.networks.ganomaly:encoder",
        "discriminator": "aigc_tf.families.autoencoder.networks.ganomaly:discriminator",
    }

    steps: PositiveInt = 3000
    batch_size: PositiveInt = 64

    latent_dim: PositiveInt = 32
    """Length of the latent vector; 100 in the paper."""
    filters: tuple[PositiveInt, ...] = (32, 64, 128)
    """Channels of the strided convolutions of both encoders and the discriminator; the decoder's are the reverse."""
    normalisation_momentum: ProperFraction = 0.9
    """Momentum of the batch-norm statistics."""

    adversarial_weight: NonNegativeFloat = 1.0
    """Weight of the adversarial (feature-matching) loss (eq. 1)."""
    contextual_weight: NonNegativeFloat = 50.0
    """Weight of the contextual loss, the distance of the images (eq. 2)."""
    encoder_weight: NonNegativeFloat = 10.0
    """Weight of the encoder loss, the distance of the encodings (eq. 3); 1 in the paper."""
    optimizer: AdamSettings = AdamSettings(learning_rate=1e-3, beta_1=0.5)
    """Optimizer of both encoders and the decoder."""
    discriminator_optimizer: AdamSettings = AdamSettings(learning_rate=2e-4, beta_1=0.5)
    average_images: PositiveInt | None = 20_000

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.likelihood != LikelihoodSettings():
            raise ValueError(
                f"likelihood is {self.likelihood}: GANomaly compares images by the contextual loss, leave it out"
            )

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            source="fashion_mnist_10k",
            images=ImageSettings(height=16, width=16),
            latent_dim=4,
            filters=(4, 8),
            batch_size=8,
            export_limits=ExportLimits.tiny(),
        )
