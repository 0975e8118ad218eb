"""The convolutional VAE of article 004 §3.4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeInt, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.autoencoders import ConvolutionSettings, VariationalRecipe
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.images import ExportLimits, ImageSettings
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ConvVAE(VariationalRecipe):
    """Convolutional variational autoencoder (VAE): the layers of article 004 §3.4 with other widths."""

    model: ClassVar[str] = "aigc_tf.families.autoencoder.vae:VAE"
    networks: ClassVar[Mapping[str, str]] = {
        "encoder": "aigc_tf.families.autoencoder.networks.conv_autoencoder:variational_encoder",
        "decoder": "aigc_tf.families.autoencoder.networks.conv_autoencoder:decoder",
    }

    steps: PositiveInt = 8_000
    batch_size: PositiveInt = 128

    convolutions: ConvolutionSettings = ConvolutionSettings(
        decoder_filters=((64,), (32,), ()), enlargement="transposed", activation="leaky_relu"
    )
    annealing_steps: NonNegativeInt = 1000
    optimizer: AdamSettings = AdamSettings(learning_rate=3e-3)
    average_images: PositiveInt | None = 60_000

    @classmethod
    def printed(cls) -> Self:
        """The widths that the article prints, latent dimension 8, and its learning rate."""
        return cls(
            convolutions=ConvolutionSettings.printed(),
            latent_dim=8,
            batch_size=64,
            optimizer=AdamSettings(learning_rate=1e-3),
            annealing_steps=0,
            average_images=None,
        )

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            source="fashion_mnist_10k",
            images=ImageSettings(height=16, width=16),
            convolutions=ConvolutionSettings(
                encoder_filters=(4, 4),
                encoder_units=(16,),
                decoder_units=(16,),
                start_filters=4,
                decoder_filters=((4,), (4,), ()),
            ),
            latent_dim=4,
            batch_size=8,
            export_limits=ExportLimits.tiny(),
        )
