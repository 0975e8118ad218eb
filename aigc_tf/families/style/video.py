"""Style transfer of video clips: the single-style network, trained for temporal consistency."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.photos.styled import StylePicture
from aigc_tf.data.source import Batch
from aigc_tf.data.video.clip import Clip, stacked
from aigc_tf.families.photo_model import in_channels
from aigc_tf.families.style.model import StyleTransfer
from aigc_tf.modalities.clips import Clips, frames_of
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.recipes.style_video import StyleVideo

_TEST_SHIFT = (3, 2)  # fixed motion for held-out losses


class VideoStyle(StyleTransfer):
    """Transfers the style of one picture to each frame of a clip, without flicker.

    The network is stateless and sees one frame at a time: a clip may be cut anywhere, and the exported file is that of
    `style`. In addition, it learns to be consistent under shifts and noise (the regularisation of Wang et al. 2020,
    "Consistent video style transfer via relaxation and regularization", §III; no optical flow is estimated), and where
    pixels do not change between neighbouring frames.

    Args:
        recipe: see `StyleTransfer`.
        network: the same.
        style: the same.
    """

    recipe: StyleVideo

    def __init__(self, recipe: StyleVideo, network: keras.Model, style: StylePicture) -> None:
        super().__init__(recipe, network, style)
        self.motion_seed = keras.random.SeedGenerator(recipe.seed, name="motion_seed")

    @property
    def takes(self) -> Clips:  # type: ignore[override]
        """Clips of any size."""
        return Clips(self.recipe.video)

    @property
    def gives(self) -> Clips:  # type: ignore[override]
        """Clips of the same size."""
        return Clips(self.recipe.video)

    def losses_of(self, network: keras.Model, batch: Batch, training: bool) -> dict[str, tf.Tensor]:
        """The losses of a network on neighbouring frames `clip`, `[batch, 2, height, width, channels]` in [0, 1]."""
        clip = batch["clip"]
        before, after = clip[:, 0], clip[:, 1]
        shift, noise = self._drawn(after) if training else (ops.array(_TEST_SHIFT), ops.zeros_like(after))
        moved = tf.roll(after, shift, axis=(1, 2)) + noise
        styled = network(ops.concatenate([before, after, moved]), training=training)
        first, second, of_moved = ops.split(styled, 3)
        inside = self._inside(ops.concatenate([first, second]))
        style, content = map(
            ops.mean, self.distances(inside, {"image": self._inside(ops.concatenate([before, after]))})
        )
        variation = ops.mean(tf.image.total_variation(inside)) / ops.cast(ops.size(inside[0]), "float32")
        still = ops.exp(-ops.square(ops.max(ops.abs(after - before), axis=-1, keepdims=True) / self.recipe.unchanged))
        neighbours = ops.mean(self._inside(still * ops.square(second - first)))
        known = ops.mean(self._inside(ops.square(of_moved - tf.roll(second, shift, axis=(1, 2)))))
        temporal = 0.5 * (neighbours + known)
        loss = self.weighted(style, content) + self.recipe.variation_weight * variation
        return {
            "loss": loss + self.recipe.temporal_weight * temporal,
            "style_loss": style,
            "content_loss": content,
            "variation_loss": variation,
            "temporal_loss": temporal,
        }

    def _drawn(self, frames: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """A random shift of a batch in pixels, and noise of random strength."""
        most = self.recipe.shift
        shift = keras.random.randint((2,), -most, most + 1, seed=self.motion_seed)
        strength = keras.random.uniform((), 0.0, self.recipe.grain, seed=self.motion_seed)
        return shift, strength * keras.random.normal(ops.shape(frames), seed=self.motion_seed)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """See `Stylist.train_step`, for `clip`."""
        return super().train_step(batch | {"image": batch["clip"][:, 0]})

    def transform(
        self,
        inputs: Any,
        seed: int = 0,
        condition: Any = None,
        tile: int | None = None,
        overlap: int | None = None,
        **given: float,
    ) -> Any:
        """Stylise each clip frame by frame, at its own size and frame rate.

        Args:
            inputs: `Clip` objects, or arrays `[time, height, width, channels]`, uint8 or in [0, 1], of any sizes.
            seed: unused, since nothing is sampled.
            condition: unused.
            tile: see `PhotoModel.applied`.
            overlap: the same.
            given: unused.

        Returns:
            `Clip` objects for clips, arrays in [0, 1] for arrays; one array if all have the same shape.

        Raises:
            InputError: an option is unknown, or a clip has other than 1 or 3 channels.
        """
        del seed
        self.refuse_condition(condition)
        self._options(tile=tile, overlap=overlap, **given)
        outputs: list[Any] = []
        for value in self.takes.rows(inputs):
            frames = in_channels(as_brightness(frames_of(value)), self.recipe.video.channels)
            made = np.stack([self.applied({"image": frame}, tile, overlap) for frame in frames])
            outputs.append(Clip(made, value.rate) if isinstance(value, Clip) else made)
        return stacked(outputs) if isinstance(outputs[0], np.ndarray) else outputs
