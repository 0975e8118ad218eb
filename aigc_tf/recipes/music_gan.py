"""Convolutional GAN of piano rolls for several voices (000 §3.10.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import Field, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.gans import GameRecipe, R1Settings
from aigc_tf.recipes.pieces import ExcerptSettings
from aigc_tf.recipes.settings import AdamSettings, QuantizationLimits


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RollLimits(QuantizationLimits):
    """What share of the cells of generated excerpts quantizing may change; a file beyond it is not kept."""

    samples: PositiveInt = 256
    """Excerpts to measure it on."""
    dynamic: ProperFraction = 0.05
    """With 8-bit weights."""
    int8: ProperFraction = 0.2
    """With 8-bit arithmetic."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MusicGAN(GameRecipe):
    """Convolutional GAN of piano rolls (after MidiNet, Yang et al. 2017, and MuseGAN, Dong et al. 2018)."""

    model: ClassVar[str] = "aigc_tf.families.gan.music:MusicGAN"
    networks: ClassVar[Mapping[str, str]] = {
        "generator": "aigc_tf.families.gan.networks.music_gan:generator",
        "discriminator": "aigc_tf.families.gan.networks.music_gan:discriminator",
    }
    data: ClassVar[str] = "aigc_tf.data.music.opening:open_excerpts"
    reads: ClassVar[tuple[str, ...]] = (".mid", ".midi")
    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.music.style:ExcerptStyle",)
    chooses: ClassVar[str] = "aigc_tf.metrics.music.style:HistogramDistance"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.music:roll_quality"

    music: ExcerptSettings = ExcerptSettings()
    lowest: Annotated[int, Field(ge=21, le=108)] = 36
    """MIDI number of the lowest pitch of the rolls."""
    pitches: Annotated[int, Field(ge=12, le=88, multiple_of=4)] = 48
    """Number of pitches of a roll, from the lowest up; a multiple of 4."""
    steps: PositiveInt = 800
    batch_size: PositiveInt = 32
    r1: R1Settings = R1Settings(weight=0.2)
    generator_optimizer: AdamSettings = AdamSettings(learning_rate=1e-3, beta_1=0.5)
    discriminator_optimizer: AdamSettings = AdamSettings(learning_rate=5e-4, beta_1=0.5)
    generator_filters: tuple[PositiveInt, PositiveInt, PositiveInt] = (64, 48, 32)
    """Channels of the generator's convolutions at a quarter, half and the full size."""
    discriminator_filters: tuple[PositiveInt, ...] = (32, 64, 96)
    """Channels of the discriminator's convolutions, each of which halves steps and pitches."""
    normalisation_momentum: ProperFraction = 0.9
    """Momentum of the generator's batch-norm statistics."""
    slope: PositiveFloat = 0.2
    """Negative slope of LeakyReLU."""
    export_limits: RollLimits = RollLimits()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lowest + self.pitches > 109:
            raise ValueError(
                f"lowest is {self.lowest} and pitches {self.pitches}: the highest pitch would be "
                f"{self.lowest + self.pitches - 1}, and a piano's is 108"
            )

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            music=ExcerptSettings(bars=1),
            batch_size=4,
            latent_dim=4,
            generator_filters=(8, 8, 8),
            discriminator_filters=(8, 8),
            export_limits=RollLimits(samples=16, dynamic=0.5, int8=0.9),
        )
