"""A variational autoencoder of lines of text (003 §6.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, Fraction, ProperFraction
from aigc_tf.recipes.settings import AdamSettings, ScheduleSettings
from aigc_tf.recipes.text import TextExportLimits, TextRecipe, TextSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TextVAE(TextRecipe):
    """Variational autoencoder of sentences: LSTM encoder and decoder; the decoder sees the latent at every step."""

    model: ClassVar[str] = "aigc_tf.families.text.text_vae:TextVAE"
    pipeline_tag: ClassVar[str | None] = "text-generation"
    networks: ClassVar[Mapping[str, str]] = {
        "encoder": "aigc_tf.families.text.networks.text_vae:encoder",
        "networks": "aigc_tf.families.text.networks.text_vae:decoder",
    }
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.text.text_vae:LineBounds",
        "aigc_tf.metrics.text.copied_text:Copies",
    )
    chooses: ClassVar[str] = "aigc_tf.metrics.held_out:HeldOutLoss"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.text:line_quality"

    text: TextSettings = TextSettings(unit="word", vocabulary_size=8192, lines=True, length=48)
    steps: PositiveInt = 2000
    batch_size: PositiveInt = 32
    optimizer: AdamSettings = AdamSettings(learning_rate=2e-3, clip_norm=5.0)
    schedule: ScheduleSettings = ScheduleSettings(warmup_steps=100)
    dropout: ProperFraction = 0.2

    embedding: PositiveInt = 256
    """Length of the token embeddings of encoder and decoder."""
    units: PositiveInt = 256
    """Units of the LSTM layers of encoder and decoder."""
    latent_dim: PositiveInt = 32
    """Length of the latent vector."""
    decoder_units: tuple[PositiveInt, ...] = ()
    """Units of dense layers with ReLU between the latent and the decoder's LSTM; one of 256 in the article."""
    teacher_forcing: bool = True
    """The decoder reads the preceding tokens; the article's sees only the latent."""
    beta: NonNegativeFloat = 1.0
    """Weight of the KL divergence; 1 gives the evidence lower bound (ELBO)."""
    annealing_steps: NonNegativeInt = 1000
    """KL annealing: steps over which the weight rises from 0 to beta (Bowman et al. 2016, §3.1)."""
    free_bits: NonNegativeFloat = 0.25
    """Nats of KL per latent dimension, averaged over the batch, that are not penalised (Kingma et al. 2016, eq. 15)."""
    word_dropout: Fraction = 0.25
    """Share of the decoder's input tokens replaced by the unknown token (Bowman et al. 2016, §3.2)."""

    def __post_init__(self) -> None:
        if not self.text.lines:
            raise ValueError("text.lines is False: a latent vector stands for a whole line")

    @classmethod
    def printed(cls) -> Self:
        """The article's widths, batch size and optimizer, and its decoder, which reads no tokens."""
        return cls(
            batch_size=64,
            optimizer=AdamSettings(),
            schedule=ScheduleSettings(warmup_steps=0, final_share=1.0),
            dropout=0.0,
            latent_dim=256,
            decoder_units=(256,),
            teacher_forcing=False,
            annealing_steps=0,
            free_bits=0.0,
            word_dropout=0.0,
        )

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            text=TextSettings(unit="word", vocabulary_size=200, lines=True, length=24),
            batch_size=4,
            embedding=8,
            units=16,
            latent_dim=4,
            export_limits=TextExportLimits.tiny(),
        )
