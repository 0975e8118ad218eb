"""Frame interpolation in video."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.families.base import Signature, TensorSpec
from aigc_tf.families.video.model import VideoModel
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.recipes.complete_video import CompleteVideo


class GapFrames(VideoModel):
    """Predicts all frames of a gap at once, from those before and after it.

    Args:
        recipe: see `VideoModel`.
        network: known frames as channels -> the gap's frames as channels.
    """

    recipe: CompleteVideo
    signature: ClassVar[str] = "fill"

    def made(self, network: keras.Model, clip: tf.Tensor, training: bool) -> tf.Tensor:
        """The frames of the gap."""
        between = network(as_channels(self.given(clip)), training=training)
        return ops.stack(ops.split(between, self.recipe.gap, axis=-1), axis=1)

    def given(self, clip: Any) -> Any:
        """The frames before and after the gap."""
        known, gap = self.recipe.known, self.recipe.gap
        parts = [clip[:, :known], clip[:, known + gap :]]
        return np.concatenate(parts, axis=1) if isinstance(clip, np.ndarray) else ops.concatenate(parts, axis=1)

    def truth(self, clip: Any) -> Any:
        """The frames in the gap."""
        return clip[:, self.recipe.known : self.recipe.known + self.recipe.gap]

    def in_place(self, windows: np.ndarray, made: np.ndarray) -> np.ndarray:
        """Windows with the predicted frames in the gap."""
        known = as_brightness(self.given(windows))
        return np.concatenate([known[:, : self.recipe.known], made, known[:, self.recipe.known :]], axis=1)

    @property
    def shortest(self) -> int:
        """One frame on either side of a gap."""
        return 2

    def rate(self, given: float) -> float:
        """The frame rate, multiplied by the number of output frames per given frame."""
        return given * (self.recipe.gap + 1)

    def continued(self, clip: np.ndarray, **options: Any) -> np.ndarray:
        """The clip with new frames between each two of its own; it is padded by repeating its first and last frames."""
        known = self.recipe.known
        around = np.pad(clip, ((known - 1, known - 1), *[(0, 0)] * 3), mode="edge")
        found = [clip[:1]]
        for place in range(len(clip) - 1):
            sides = around[place : place + 2 * known]
            gap = np.zeros((self.recipe.gap, *clip.shape[1:]), np.float32)
            window = np.concatenate([sides[:known], gap, sides[known:]])
            found += [self.of_windows(window[None])[0], clip[place + 1 : place + 2]]
        return np.concatenate(found)

    @property
    def page_facts(self) -> dict[str, int]:
        """Numbers of frames around a gap and in it."""
        return {"given": 2 * self.recipe.known, "gap": self.recipe.gap}

    def signature_of(self, side: int, source: Any) -> Signature:
        """`fill`: the known frames -> those of the gap."""
        network = self.fixed_size(side)
        known, gap = (entry.shape[1:] for entry in (network.inputs[0], network.outputs[0]))
        meaning = "height, width, {} frames * channels in temporal order; brightness in [0, 1]"
        before = f"{self.recipe.known} before and {self.recipe.known} after the gap,"

        def examples(source: Any, count: int, seed: int) -> dict[str, np.ndarray]:
            windows = self.windows(source, count, side, seed)
            return {"known": np.asarray(as_channels(self.given(windows)))}

        return Signature(
            network,
            {"known": TensorSpec(tuple(known), meaning.format(before))},
            {"between": TensorSpec(tuple(gap), meaning.format(self.recipe.gap))},
            partial(examples, source),
            strange=partial(examples, None),
        )

    def export_metadata(self) -> dict[str, Any]:
        """Numbers of known frames on each side, and of output frames."""
        return {"known": self.recipe.known, "gap": self.recipe.gap}


def as_channels(frames: Any) -> Any:
    """`[batch, time, height, width, channels]` -> `[batch, height, width, time * channels]`."""
    return ops.concatenate([frames[:, place] for place in range(frames.shape[1])], axis=-1)
