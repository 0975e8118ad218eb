"""Text-to-speech (002 §6.3, 004 §6.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.options import Options
from aigc_tf.recipes.settings import AdamSettings, QuantizationLimits, ScheduleSettings, Settings
from aigc_tf.recipes.sound import SOUND_ENDINGS, SoundSettings

PAUSE_SECONDS = 0.5
"""Silence that a recording may contain in addition to its letters."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SpokenSettings(Settings):
    """Filters on the training recordings: the names of many files do not say all that is spoken in them."""

    longest_text: Annotated[int, Field(ge=1, le=1000)] = 80
    """Maximum letters of a recording's text; longer ones are skipped."""
    slowest: PositiveFloat = 0.11
    """Maximum seconds per letter, plus half a second per recording; slower recordings are skipped."""
    fastest: PositiveFloat = 0.03
    """Minimum seconds per letter; faster recordings are skipped."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SpeechLimits(QuantizationLimits):
    """By what share quantizing may raise the error of spectrograms; a file beyond it is not kept."""

    sentences: PositiveInt = 20
    """Sentences of the validation part to measure it on."""
    dynamic: NonNegativeFloat = 0.05
    """With 8-bit weights."""
    int8: NonNegativeFloat = 0.2
    """With 8-bit arithmetic."""

    @classmethod
    def tiny(cls) -> Self:
        """For networks that were hardly trained."""
        return cls(sentences=4, dynamic=1.0, int8=2.0)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Speaking(Options):
    """How a text is spoken."""

    speed: Annotated[float, Field(ge=0.25, le=4)] = 1.0
    """Speaking rate relative to the recordings; 2 is twice as fast."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Speech(Recipe):
    """Parallel text-to-speech: durations and mel spectrogram (Glow-TTS, Kim et al. 2020, without its flow).

    Letters and frames are aligned by monotonic alignment search; phases by fast Griffin-Lim.
    """

    model: ClassVar[str] = "aigc_tf.families.speech.model:SpeechModel"
    networks: ClassVar[Mapping[str, str]] = {
        "encoder": "aigc_tf.families.speech.networks:encoder",
        "decoder": "aigc_tf.families.speech.networks:decoder",
    }
    data: ClassVar[str] = "aigc_tf.data.sound.spoken:open_source"
    reads: ClassVar[tuple[str, ...]] = SOUND_ENDINGS
    assets: ClassVar[Mapping[str, str]] = {"vocabulary": "aigc_tf.data.text.vocabulary:Vocabulary"}
    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.sound.spoken:Spoken",)
    chooses: ClassVar[str] = "aigc_tf.metrics.held_out:HeldOutLoss"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.speech:speech_quality"
    transform_options: ClassVar[type] = Speaking
    pipeline_tag: ClassVar[str | None] = "text-to-speech"

    sound: SoundSettings = SoundSettings(frames=400, bands=80, iterations=32)
    """Here `frames` is the maximum length of a recording; longer ones are skipped."""
    spoken: SpokenSettings = SpokenSettings()
    steps: PositiveInt = 5000
    batch_size: PositiveInt = 16
    width: PositiveInt = 128
    """Channels of all convolutions."""
    encoder_blocks: PositiveInt = 4
    """Residual blocks of two convolutions over letters."""
    decoder_blocks: PositiveInt = 5
    """Residual blocks of two convolutions over frames; the dilation doubles with each block, up to 8 frames."""
    kernel_size: PositiveInt = 5
    """Kernel size of the convolutions, in letters or frames."""
    dropout: ProperFraction = 0.1
    """Dropout rate during training."""
    prior_weight: NonNegativeFloat = 1.0
    """Weight of the prior loss: squared error of each letter's mean spectrum, which aligns letters and frames."""
    duration_weight: NonNegativeFloat = 0.05
    """Weight of the duration loss: squared error of log durations."""
    diagonal: NonNegativeFloat = 0.02
    """Bias of the alignment search towards the diagonal, equal progress in text and sound; it starts the alignment."""
    optimizer: AdamSettings = AdamSettings(learning_rate=1e-3, beta_2=0.98, clip_norm=1.0)
    schedule: ScheduleSettings = ScheduleSettings(warmup_steps=100)
    weight_decay: NonNegativeFloat = 0.01
    """Decoupled weight decay of matrices, scaled by the learning rate (Loshchilov & Hutter 2019); vectors have none."""
    export_limits: SpeechLimits = SpeechLimits()

    @property
    def longest_letter(self) -> int:
        """Maximum frames of a letter: `spoken.slowest` seconds and a pause."""
        return round((self.spoken.slowest + PAUSE_SECONDS) * self.sound.rate / self.sound.hop)

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            sound=SoundSettings(rate=2000, hop=16, frames=64, bands=16, iterations=2),
            spoken=SpokenSettings(longest_text=20, slowest=1.0, fastest=0.001),
            batch_size=4,
            width=8,
            encoder_blocks=1,
            decoder_blocks=1,
            kernel_size=3,
            export_limits=SpeechLimits.tiny(),
        )
