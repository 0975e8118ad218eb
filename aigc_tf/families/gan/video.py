"""The GAN of video clips, with separate content and motion codes."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from aigc_tf.data.source import Batch
from aigc_tf.data.video.clip import RATE
from aigc_tf.families.gan.model import GAN
from aigc_tf.families.pages import Panel
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.clips import Clips
from aigc_tf.recipes.video_gan import VideoGAN as VideoGANRecipe

_PREVIEWED = 6


class VideoGAN(GAN):
    """A `GAN` with clips as images; a latent is a content code followed by a motion code for each frame.

    Args:
        recipe: as for `GAN`.
        generator: latent `[batch, content + frames * motion]` -> clips `[batch, frames, height, width, channels]` in
            [-1, 1].
        discriminator: clips -> outputs `[batch, 1]`.
    """

    recipe: VideoGANRecipe
    makes: ClassVar[tuple[str, str]] = ("clip", "frames, height, width, channels; brightness in [0, 1]")

    @property
    def gives(self) -> Clips:
        """Clips of the recipe's size."""
        return Clips(self.recipe.video)

    def parts_of(self, batch: Batch) -> list[tf.Tensor]:
        """The windows `clip`, converted from [0, 1] in batches to [-1, 1]."""
        return [2.0 * batch["clip"] - 1.0]

    def exchanged(self, count: int, seed: int) -> np.ndarray:
        """A grid of clips, with one content per row and one motion per column: `[count, count, frames, ...]`."""
        latents = self.latents(count, seed)
        content = np.repeat(latents[:, np.newaxis, : self.recipe.content], count, axis=1)
        motion = np.repeat(latents[np.newaxis, :, self.recipe.content :], count, axis=0)
        clips = self.decode(np.concatenate([content, motion], axis=-1).reshape(count * count, -1))
        return clips.reshape(count, count, *clips.shape[1:])

    def previews(self, source: Any) -> dict[str, Preview]:
        """Samples from fixed latents, a row of frames each; and two contents with each of two motions."""
        swapped = self.exchanged(2, seed=0)
        return {
            "samples": self.gives.show(self.generate(_PREVIEWED)),
            "content_and_motion": self.gives.show(swapped.reshape(4, *swapped.shape[2:])),
        }

    def export_metadata(self) -> dict[str, Any]:
        """The layout of a latent, and frames per second."""
        recipe = self.recipe
        return {"content": recipe.content, "motion": recipe.motion, "rate": recipe.video.rate or RATE}

    def page(self, source: Any = None) -> list[Panel]:
        """A panel that plays generated clips."""
        del source
        return [Panel("clips", "generate", {"prior": None, "rate": self.recipe.video.rate or RATE})]
