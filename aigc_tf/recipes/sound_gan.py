"""The class-conditional spectrogram GAN for sounds, after SpecGAN (Donahue, McAuley & Puckette 2019, §3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.augment import DifferentiableAugmentation
from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.gans import GANRecipe, R1Settings
from aigc_tf.recipes.sound import SoundLimits, SoundRecipe, SoundSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SoundGAN(SoundRecipe, GANRecipe):
    """Class-conditional GAN of log-mel spectrograms, with phases by Griffin-Lim; the source needs classes."""

    model: ClassVar[str] = "aigc_tf.families.gan.sound_gan:SoundGAN"
    networks: ClassVar[Mapping[str, str]] = {
        "generator": "aigc_tf.families.gan.networks.sound_gan:generator",
        "discriminator": "aigc_tf.families.gan.networks.sound_gan:discriminator",
    }
    assets: ClassVar[Mapping[str, str]] = {"classes": "aigc_tf.data.classes:ClassNames"}
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.sound.samples:SoundSamples",
        "aigc_tf.metrics.sound.recognition:Recognition",
    )
    chooses: ClassVar[str] = "aigc_tf.metrics.sound.samples:SpectrogramDistance"
    labelled: ClassVar[bool] = True
    reads: ClassVar[tuple[str, ...]] = ()  # folders belong to `sound_vae`, which needs no classes
    differentiable: ClassVar[Any] = DifferentiableAugmentation()  # type: ignore[misc]  # of pictures
    discriminator_normalisation: ClassVar[bool] = False
    discriminator_units: ClassVar[tuple[int, ...]] = ()

    steps: PositiveInt = 9_000
    batch_size: PositiveInt = 16
    r1: R1Settings = R1Settings(weight=0.5)

    label_dim: PositiveInt = 32
    """Length of the class embedding that accompanies the latent."""
    generator_filters: tuple[PositiveInt, ...] = (128, 64, 48, 24)
    """Channels after the dense layer and the transposed convolutions; each doubles sizes."""
    discriminator_filters: tuple[PositiveInt, ...] = (24, 48, 64, 128)
    """Channels of the strided convolutions."""
    kernel_size: PositiveInt = 5
    """Kernel size of every convolution."""
    discriminator_slope: NonNegativeFloat = 0.2
    """Negative slope of the discriminator's LeakyReLU."""
    normalisation_momentum: ProperFraction | None = 0.8
    """Momentum of the batch-norm statistics; None omits batch normalisation."""

    def __post_init__(self) -> None:
        super().__post_init__()
        scale = 2 ** len(self.generator_filters)
        if self.sound.bands % scale or self.sound.frames % scale:
            raise ValueError(
                f"sound.bands is {self.sound.bands} and sound.frames {self.sound.frames}: the generator doubles "
                f"{len(self.generator_filters)} times, both must be divisible by {scale}"
            )

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            sound=SoundSettings.tiny(),
            latent_dim=8,
            label_dim=4,
            generator_filters=(16, 8),
            discriminator_filters=(8, 8),
            batch_size=8,
            export_limits=SoundLimits.tiny(),
        )
