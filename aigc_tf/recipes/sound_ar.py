"""The autoregressive model of sounds: one spectrum after the other (002 §6.3, 004 §6.3)."""

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
    """By what share quantizing may raise the nats a frame of held-out recordings; a file beyond it is not kept."""

    recordings: PositiveInt = 20
    """Of the validation part, on which it is measured."""
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
    """How frames are drawn."""

    temperature: NonNegativeFloat = 1.0
    """What log-odds of the mixture's components are divided by; 0 takes the likeliest always, which soon is silence."""
    noise: NonNegativeFloat = NOISE
    """What the deviations of bands from a component's means are multiplied with: 1 draws as likelihood has it, less is
    clearer. Chosen by the Fréchet distance to validation recordings of spoken digits."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SoundAR(SoundRecipe):
    """Causal transformer over the frames of log-mel spectrograms, told the class; phases by Griffin-Lim.

    Each frame is a mixture of logistic distributions, integrated over 256 levels (Salimans et al. 2017, §2.1), so that
    its likelihood is exact. The source has classes.
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
    reads: ClassVar[tuple[str, ...]] = ()  # `sound_vae` looks at folders: it needs no classes

    steps: PositiveInt = 8000
    batch_size: PositiveInt = 16
    depth: PositiveInt = 3
    """Blocks."""
    heads: PositiveInt = 4
    """Of the attention in each block."""
    width: PositiveInt = 128
    """Of the stream; a multiple of the heads."""
    components: PositiveInt = 10
    """Of the mixture that a frame is drawn from."""
    embedding_deviation: PositiveFloat = 0.02
    """Of the first values of what tells positions and classes."""
    dropout: ProperFraction = 0.1
    """Share of the activations that a training step leaves out."""
    optimizer: AdamSettings = AdamSettings(learning_rate=2e-3, beta_2=0.98, clip_norm=1.0)
    schedule: ScheduleSettings = ScheduleSettings(warmup_steps=100)
    weight_decay: NonNegativeFloat = 0.05
    """Of matrices, in each step times the learning rate (Loshchilov & Hutter 2019); vectors have none."""
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
