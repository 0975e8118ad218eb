"""The denoising autoencoder, an application of autoencoders that article 000 §3.9.1 mentions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.autoencoders import AutoencoderRecipe, CorruptionSettings, LikelihoodSettings
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.images import ExportLimits, ImageSettings
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DenoisingAutoencoder(AutoencoderRecipe):
    """Denoising autoencoder (Vincent et al. 2008): corrupted inputs, clean targets, no bottleneck."""

    model: ClassVar[str] = "aigc_tf.families.autoencoder.model:Autoencoder"
    pipeline_tag: ClassVar[str | None] = "image-to-image"
    networks: ClassVar[Mapping[str, str]] = {
        "encoder": "aigc_tf.families.autoencoder.networks.denoiser:encoder",
        "decoder": "aigc_tf.families.autoencoder.networks.denoiser:decoder",
    }

    steps: PositiveInt = 3000
    batch_size: PositiveInt = 32

    corruption: CorruptionSettings = CorruptionSettings(gaussian=50 / 255)
    likelihood: LikelihoodSettings = LikelihoodSettings(kind="gaussian")
    filters: PositiveInt = 64
    """Channels of every convolution."""
    blocks: PositiveInt = 2
    """Residual blocks of two convolutions (He et al. 2016) on either side."""
    latent_channels: PositiveInt = 16
    """Channels of the half-size latent feature map."""
    optimizer: AdamSettings = AdamSettings(learning_rate=1e-3)
    average_images: PositiveInt | None = 20_000

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            source="fashion_mnist_10k",
            images=ImageSettings(height=16, width=16),
            filters=4,
            blocks=1,
            latent_channels=2,
            batch_size=8,
            export_limits=ExportLimits.tiny(),
        )
