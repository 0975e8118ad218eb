"""The spectrogram VAE for sounds (002 §6.3, 004 §6.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import NonNegativeInt, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.autoencoders import (
    ConvolutionSettings,
    CorruptionSettings,
    LikelihoodSettings,
    PriorSettings,
    VariationalRecipe,
)
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.settings import AdamSettings
from aigc_tf.recipes.sound import SoundLimits, SoundRecipe, SoundSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SoundVAE(SoundRecipe, VariationalRecipe):
    """Convolutional variational autoencoder of log-mel spectrograms, with phases by Griffin-Lim."""

    model: ClassVar[str] = "aigc_tf.families.autoencoder.sound_vae:SoundVAE"
    networks: ClassVar[Mapping[str, str]] = {
        "encoder": "aigc_tf.families.autoencoder.networks.conv_autoencoder:variational_encoder",
        "decoder": "aigc_tf.families.autoencoder.networks.conv_autoencoder:decoder",
    }
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.sound.samples:SoundSamples",
        "aigc_tf.metrics.sound.reconstruction:SoundReconstruction",
    )
    corruption: ClassVar[Any] = CorruptionSettings()  # type: ignore[misc]  # of pictures
    binarise: ClassVar[Any] = False  # type: ignore[misc]

    steps: PositiveInt = 1_500
    batch_size: PositiveInt = 32

    convolutions: ConvolutionSettings = ConvolutionSettings(
        encoder_filters=(32, 64),
        encoder_units=(128,),
        decoder_units=(128,),
        decoder_filters=((64,), (32,), ()),
        enlargement="transposed",
        activation="leaky_relu",
    )
    latent_dim: PositiveInt = 32
    likelihood: LikelihoodSettings = LikelihoodSettings(kind="learnt_gaussian")
    prior: PriorSettings = PriorSettings(couplings=8)
    annealing_steps: NonNegativeInt = 1000
    optimizer: AdamSettings = AdamSettings(learning_rate=1e-3)
    average_images: PositiveInt | None = 20_000

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            sound=SoundSettings.tiny(),
            convolutions=ConvolutionSettings(
                encoder_filters=(4, 4),
                encoder_units=(16,),
                decoder_units=(16,),
                start_filters=4,
                decoder_filters=((4,), (4,), ()),
            ),
            latent_dim=4,
            prior=PriorSettings(couplings=2, units=8),
            batch_size=8,
            export_limits=SoundLimits.tiny(),
        )
