"""The plain autoencoder of article 000 §3.9.1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.autoencoders import AutoencoderRecipe, ConvolutionSettings
from aigc_tf.recipes.conv_vae import ConvVAE
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Autoencoder(AutoencoderRecipe):
    """Plain autoencoder (000 §3.9.1): compresses images into a short latent vector; the layers of the ConvVAE."""

    model: ClassVar[str] = "aigc_tf.families.autoencoder.model:Autoencoder"
    networks: ClassVar[Mapping[str, str]] = {
        "encoder": "aigc_tf.families.autoencoder.networks.conv_autoencoder:encoder",
        "decoder": "aigc_tf.families.autoencoder.networks.conv_autoencoder:decoder",
    }

    steps: PositiveInt = 10_000
    batch_size: PositiveInt = 64

    latent_dim: PositiveInt = 32
    """Length of the latent vector."""
    convolutions: ConvolutionSettings = ConvolutionSettings()
    optimizer: AdamSettings = AdamSettings(learning_rate=1e-3)
    average_images: PositiveInt | None = 20_000

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        like = ConvVAE.tiny()
        return cls(
            source=like.source,
            images=like.images,
            convolutions=like.convolutions,
            latent_dim=like.latent_dim,
            batch_size=like.batch_size,
            export_limits=like.export_limits,
        )
