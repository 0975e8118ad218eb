"""Image editing with flows: SDEdit, and inpainting of a region."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.families.flow.following import velocities
from aigc_tf.families.flow.model import FlowModel
from aigc_tf.families.flow.paths import between
from aigc_tf.families.flow.samplers import SAMPLERS, Velocity, schedule, steps_of
from aigc_tf.families.latent import GENERATION_BATCH
from aigc_tf.families.tasks import Transforms
from aigc_tf.modalities.pictures import Pictures, as_brightness
from aigc_tf.recipes.images import ImageSettings


class EditingFlow(FlowModel, Transforms):
    """A flow that edits a picture by adding noise and denoising from there (Meng et al. 2022, "SDEdit", §3)."""

    @property
    def takes(self) -> Pictures:
        """Pictures of the recipe's size."""
        return self.gives

    def transform(
        self,
        inputs: np.ndarray,
        seed: int = 0,
        condition: Any = None,
        strength: float | None = None,
        region: str | Path | np.ndarray | None = None,
        **options: Any,
    ) -> np.ndarray:
        """Edited pictures: float32 `[count, height, width, channels]` in [0, 1].

        All use the same noise, so that each result depends only on its own picture.

        Args:
            inputs: `[count, height, width, channels]`, uint8 or in [0, 1].
            seed: of the noise.
            condition: of a conditional model, the target: one for all, or one for each; None for unconditional.
            strength: in (0, 1], share of noise; by default that of the recipe's `transform_options`.
            region: a picture file, or brightness `[height, width]`: what is darker than half is kept unchanged.
            options: the recipe's `export_options`.

        Raises:
            InputError: the region is of another size, or an option is out of its range.
        """
        chosen = self.recipe.transform_options(**{} if strength is None else {"strength": strength}, **options)
        images = 2.0 * as_brightness(np.asarray(inputs)) - 1.0
        noise = self.latents(1, seed).reshape(1, *self.state_shape)
        drawn = None if region is None else self.drawn_in(region)
        rows, parts = None if condition is None else self.conditions(condition, len(images)), []
        start = 1.0 - chosen.strength
        times = schedule(steps_of(chosen.sampler, chosen.evaluations), chosen.time_shift)
        times = [start + chosen.strength * time for time in times]
        for first in range(0, len(images), GENERATION_BATCH):
            some = self.coded(images[first : first + GENERATION_BATCH])
            told = None if rows is None else rows[first : first + GENERATION_BATCH]
            velocity = velocities(self.guided(self.ask, chosen), told, self.recipe.prediction)
            if drawn is not None:
                velocity = keeping(velocity, drawn, some - noise)
            *_, made = SAMPLERS[chosen.sampler](velocity, between(noise, some, start).astype(np.float32), times)
            parts.append(self.pictures(made))
        return np.concatenate(parts).astype(np.float32)

    def drawn_in(self, given: str | Path | np.ndarray) -> np.ndarray:
        """The mask of the region to edit: float32 `[1, height, width, 1]`, 0 or 1."""
        height, width, _ = self.recipe.images.shape
        if isinstance(given, str | Path):
            given = Pictures(ImageSettings(height=height, width=width)).parse([str(given)])[0]
        brightness = as_brightness(np.asarray(given)).reshape(-1)
        if brightness.size != height * width:
            raise InputError(f"the region has {brightness.size} numbers: the pictures are {height}x{width}")
        return (brightness >= 0.5).astype(np.float32).reshape(1, height, width, 1)


def keeping(velocity: Velocity, drawn: np.ndarray, straight: np.ndarray) -> Velocity:
    """The velocity inside the mask `drawn`, and outside it that of the `straight` path to the kept pixels.

    So the kept pixels have the right noise level at each time (Lugmayr et al. 2022, "RePaint", eq. 8).
    """
    return lambda noisy, time: drawn * velocity(noisy, time) + (1.0 - drawn) * straight
