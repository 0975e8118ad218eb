"""The autoregressive model of sounds: one spectrogram frame after the other (002 §6.3, 004 §6.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.options import Options
from aigc_tf.recipes.settings import AdamSettings, QuantizationLimits, ScheduleSettings
from aigc_tf.recipes.sound import SoundRecipe, SoundSettings

NOISE = 0.25
"""See `FrameDrawing.noise`."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FrameLimits(QuantizationLimits):
    """By what share quantizing may raise the nats per frame of held-out recordings; a file beyond it is not kept."""

    recordings: PositiveInt = 20
    """Recordings of the validation part to measure it on."""
    dynamic: NonNegativeFloat = 0.02
    """With 8-bit weights."""
    int8: NonNegativeFloat = 0.2
    """With 8-bit arithmetic."""

    @classmethod
    def tiny(cls) -> Self:
        """For networks that were hardly trained."""
        return cls(recordings=2, dynamic=0.5, int8=2.0)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class FrameDrawing(Options):
    """How frames are sampled."""

    temperature: NonNegativeFloat = 1.0
    """Softmax temperature of the mixture's components; 0 always takes the likeliest, which soon is silence."""
    noise: NonNegativeFloat = NOISE
    """Factor on the deviations of bands from a component's means: 1 samples from the model's distribution, less sounds
    clearer. The default was chosen by the Fréchet distance to validation recordings of spoken digits."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SoundAR(SoundRecipe):
    """Class-conditional causal transformer over the frames of log-mel spectrograms; phases by Griffin-Lim.

    Each frame is a mixture of logistic distributions, integrated over 256 levels (Salimans et al. 2017, §2.1), so that
    its likelihood is exact. The source needs classes.
    """

    model: ClassVar[str] = "aigc_tf.families.sound.model:SoundAR"
    networks: ClassVar[Mapping[str, str]] = {"networks": "aigc_tf.families.sound.networks:frame_networks"}
    assets: ClassVar[Mapping[str, str]] = {"classes": "aigc_tf.data.classes:ClassNames"}
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.sound.likelihood:HeldOutFrames",
        "aigc_tf.metrics.sound.samples:SoundSamples",
        "aigc_tf.metrics.sound.recognition:Recognition",
    )
    chooses: ClassVar[str] = "aigc_tf.metrics.held_out:HeldOutLoss"
    chosen_on: ClassVar[Literal["validation", "train"]] = "validation"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.frames:frame_quality"
    sample_options: ClassVar[type] = FrameDrawing
    labelled: ClassVar[bool] = True
    reads: ClassVar[tuple[str, ...]] = ()  # folders belong to `sound_vae`, which needs no classes

    steps: PositiveInt = 8000
    batch_size: PositiveInt = 16
    depth: PositiveInt = 3
    """Transformer blocks."""
    heads: PositiveInt = 4
    """Attention heads in each block."""
    width: PositiveInt = 128
    """Width of the transformer; a multiple of the heads."""
    components: PositiveInt = 10
    """Components of the mixture distribution of a frame."""
    embedding_deviation: PositiveFloat = 0.02
    """Standard deviation of the initial position and class embeddings."""
    dropout: ProperFraction = 0.1
    """Dropout rate during training."""
    optimizer: AdamSettings = AdamSettings(learning_rate=2e-3, beta_2=0.98, clip_norm=1.0)
    schedule: ScheduleSettings = ScheduleSettings(warmup_steps=100)
    weight_decay: NonNegativeFloat = 0.05
    """Decoupled weight decay of matrices, scaled by the learning rate (Loshchilov & Hutter 2019); vectors have none."""
    export_limits: FrameLimits = FrameLimits()  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError(f"width is {self.width}: it must be a multiple of the heads ({self.heads})")

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            sound=SoundSettings.tiny(),
            batch_size=8,
            depth=1,
            heads=2,
            width=16,
            components=2,
            export_limits=FrameLimits.tiny(),
        )
