"""The GAN of piano rolls."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from aigc_tf.data.music.piece import HOLD, REST, symbol_of
from aigc_tf.data.music.rolls import pieces_of, rolls_of
from aigc_tf.data.source import Batch
from aigc_tf.errors import InputError
from aigc_tf.families.gan.model import GAN
from aigc_tf.families.latent import outputs_of
from aigc_tf.families.pages import Panel
from aigc_tf.modalities.music import Excerpts
from aigc_tf.recipes.music_gan import MusicGAN as MusicGANRecipe

_PREVIEWED, _BETWEEN = 4, 6


class MusicGAN(GAN):
    """A `GAN` with piano rolls of excerpts as images, which are converted to notes.

    Args:
        recipe: as for `GAN`, with the pitches of the rolls.
        generator: latent `[batch, latent_dim]` -> rolls `[batch, steps, pitches, 2 * voices]` in [-1, 1].
        discriminator: rolls -> outputs `[batch, 1]`.
    """

    recipe: MusicGANRecipe
    makes: ClassVar[tuple[str, str]] = (
        "roll",
        "steps, pitches from the lowest up, and for each voice two channels: above 0.5 its brightest pitch sounds, "
        "and begins",
    )

    @property
    def gives(self) -> Excerpts:
        """Excerpts with all voices."""
        return Excerpts(self.recipe.music)

    def parts_of(self, batch: Batch) -> list[tf.Tensor]:
        """The rolls of `notes`, int32 `[batch, steps, voices, 2]`."""
        return [rolls_of(batch["notes"], self.recipe)]

    def decode(self, latents: np.ndarray, condition: Any = None) -> Any:
        """Generate excerpts from latents `[count, latent_dim]`."""
        if condition is not None:
            raise InputError("the model generates without a condition: leave it out")
        return pieces_of(outputs_of(self.sampler, latents) * 0.5 + 0.5, self.recipe)

    def previews(self, source: Any) -> dict[str, Any]:
        """Samples from fixed latents, and an interpolation."""
        (way,) = self.interpolate(frames=_BETWEEN)
        samples = list(self.generate(_PREVIEWED))
        return {
            "samples": self.gives.show(samples),
            "samples_sound": self.gives.sound(samples),
            "interpolation": self.gives.show(list(way)),
        }

    def export_metadata(self) -> dict[str, Any]:
        """What a program needs to convert rolls to notes (docs/MOBILE.md)."""
        return {"voices": list(self.recipe.music.voices), "first_pitch": self.recipe.lowest}

    def page(self, source: Any = None) -> list[Panel]:
        """A panel that generates, interpolates and plays excerpts."""
        symbols = {"hold": HOLD, "rest": REST, "first_pitch_symbol": symbol_of(self.recipe.lowest)}
        return [Panel("tunes", "generate", {"prior": None} | self.export_metadata() | symbols)]
