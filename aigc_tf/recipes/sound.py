"""Shared parts of the sound recipes: recordings become spectrograms, which the models generate like pictures."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.augment import ClassicalAugmentation
from aigc_tf.recipes.fields import STRICT, Fraction
from aigc_tf.recipes.images import ImageRecipe, ImageSettings
from aigc_tf.recipes.settings import QuantizationLimits, Settings

SOUND_ENDINGS = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")
MIN_RATE, MAX_RATE = 1000, 384_000


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SoundSettings(Settings):
    """Format of the sounds that a model is trained on and generates; recordings are converted to it."""

    rate: Annotated[int, Field(ge=MIN_RATE, le=MAX_RATE)] = 8000
    """Sample rate in Hz; recordings of other rates are resampled, channels are averaged."""
    hop: Annotated[int, Field(ge=8, le=4096)] = 80
    """Hop length of the spectrogram in samples; the window is four times as long."""
    frames: Annotated[int, Field(ge=8, le=4096)] = 80
    """Spectrogram frames: a sound has frames times hop samples. Longer recordings are cropped, shorter ones padded with
    silence."""
    bands: Annotated[int, Field(ge=8, le=512)] = 64
    """Mel bands of the spectrogram."""
    floor_db: Annotated[float, Field(ge=20, le=120)] = 70.0
    """Noise floor: magnitudes this many dB below full scale count as silence."""
    iterations: Annotated[int, Field(ge=1, le=200)] = 16
    """Iterations of fast Griffin-Lim, which reconstructs the phases of a spectrogram."""
    trim_db: PositiveFloat | None = 40.0
    """Trim leading and trailing parts quieter than this many dB below a recording's peak; None keeps them."""
    group: str | None = None
    """A regular expression on file names: recordings with the same match (or the same first group of it), such as a
    speaker's name, are held out together."""
    max_unreadable: Fraction = 0.01
    """Largest share of unreadable files that is skipped; more are an error."""

    def __post_init__(self) -> None:
        try:
            re.compile(self.group or "")
        except re.error as error:
            raise ValueError(f"sound.group is {self.group!r}, not a regular expression: {error}") from None
        if self.bands > 2 * self.hop + 1:
            raise ValueError(
                f"sound.bands is {self.bands}: a window of {4 * self.hop} samples resolves {2 * self.hop + 1} "
                "frequencies, give fewer bands or a longer hop"
            )

    @property
    def samples(self) -> int:
        """Samples in a sound."""
        return self.frames * self.hop

    @property
    def images(self) -> ImageSettings:
        """The form of its spectrogram."""
        return ImageSettings(height=self.bands, width=self.frames, channels=1)

    def of_frames(self, frames: int) -> Self:
        """The same for sounds of another length."""
        return replace(self, frames=frames)

    @classmethod
    def tiny(cls) -> Self:
        """Sounds of 256 samples, 16 by 16 pixels."""
        return cls(rate=2000, hop=16, frames=16, bands=16, iterations=2)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SoundLimits(QuantizationLimits):
    """By what share quantizing may change the Fréchet distance to training sounds; a file beyond it is not kept."""

    samples: Annotated[int, Field(ge=2)] = 500
    """Sounds generated to measure it."""
    dynamic: NonNegativeFloat = 0.1
    """With 8-bit weights."""
    int8: NonNegativeFloat = 0.25
    """With 8-bit arithmetic."""

    @classmethod
    def tiny(cls) -> Self:
        """For networks that were hardly trained."""
        return cls(samples=50, dynamic=5.0, int8=5.0)


def _images(recipe: SoundRecipe) -> ImageSettings:
    """The form of the spectrograms."""
    return recipe.sound.images


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SoundRecipe(ImageRecipe):
    """A recipe for a model that generates spectrograms like pictures, which are converted to sound.

    What image recipes set (size, augmentation) follows from `sound` here.
    """

    data: ClassVar[str] = "aigc_tf.data.sound.opening:open_source"
    reads: ClassVar[tuple[str, ...]] = SOUND_ENDINGS
    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.sound.samples:SoundSamples",)
    export_quality: ClassVar[str] = "aigc_tf.export.quality.sound:sound_quality"
    pipeline_tag: ClassVar[str | None] = None  # hubs have no tag for sounds without a text
    labelled: ClassVar[bool] = False
    """Whether the model is class-conditional."""

    images: ClassVar[Any] = property(_images)  # type: ignore[misc]  # no field here
    augmentation: ClassVar[Any] = ClassicalAugmentation()  # type: ignore[misc]

    sound: SoundSettings = SoundSettings()
    export_limits: SoundLimits = SoundLimits()  # type: ignore[assignment]
