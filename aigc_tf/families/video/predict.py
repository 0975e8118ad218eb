"""Autoregressive video prediction: each next frame from the previous one and states."""

from __future__ import annotations

from functools import cached_property, partial
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.families.base import Signature, TensorSpec
from aigc_tf.families.video.model import VideoModel
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.recipes.predict_video import PredictVideo

MEANINGS = {
    "frame": "height, width, channels; brightness in [0, 1]",
    "past": "the frames before it, the oldest first, zeros at first; height, width, frames * channels",
}
STATE = "state of the ConvLSTM, zeros at first"


class NextFrames(VideoModel):
    """Reads the given frames one by one, then its own predictions.

    Predictions from given frames other than the last are not used, and the graph prunes their computation.

    Args:
        recipe: see `VideoModel`.
        network: a frame and states -> the next frame and new states.
    """

    recipe: PredictVideo
    signature: ClassVar[str] = "step"

    def made(self, network: keras.Model, clip: tf.Tensor, training: bool) -> tf.Tensor:
        """`ahead` frames after the given ones."""
        states = self.first_states(network, clip[:, 0])
        for place in range(self.recipe.past):
            frame, *states = network([clip[:, place], *states], training=training)
        frames = [frame]
        for _ in range(self.recipe.ahead - 1):
            frame, *states = network([frame, *states], training=training)
            frames.append(frame)
        return ops.stack(frames, axis=1)

    def first_states(self, network: keras.Model, frame: tf.Tensor) -> list[tf.Tensor]:
        """Zeros, for frames `[batch, height, width, channels]`."""
        batch, height, width = (ops.shape(frame)[axis] for axis in range(3))
        ratio = self._ratio
        return [
            ops.zeros((batch, height // ratio, width // ratio, state.shape[-1]), frame.dtype)
            for state in network.inputs[1:]
        ]

    @property
    def _ratio(self) -> int:
        """The downsampling factor of states relative to frames, in height and width."""
        return 1 if self.recipe.network == "unet" else 2

    def truth(self, clip: Any) -> Any:
        """The frames after the given ones."""
        return clip[:, self.recipe.past :]

    def given(self, clip: Any) -> Any:
        """The first frames."""
        return clip[:, : self.recipe.past]

    def in_place(self, windows: np.ndarray, made: np.ndarray) -> np.ndarray:
        """Given frames, then predicted ones."""
        return np.concatenate([as_brightness(self.given(windows)), made], axis=1)

    @property
    def shortest(self) -> int:
        """The number of given frames in training."""
        return self.recipe.past

    @cached_property
    def _step(self) -> Any:
        return tf.function(partial(self.used, training=False), reduce_retracing=True)

    def continued(self, clip: np.ndarray, **options: Any) -> np.ndarray:
        """`frames` after the end of a clip; a U-Net reads its last ones, a ConvLSTM as many as in training."""
        states = self.first_states(self.used, tf.constant(clip[:1]))
        for frame in clip[-self.recipe.past :]:
            next_, *states = self._step([tf.constant(frame[None]), *states])
        made = [next_]
        for _ in range(options["frames"] - 1):
            next_, *states = self._step([next_, *states])
            made.append(next_)
        return np.concatenate([frame.numpy() for frame in made])

    @property
    def page_facts(self) -> dict[str, int]:
        """The numbers of given and predicted frames in training."""
        return {"given": self.recipe.past, "made": self.recipe.ahead}

    def shape_of(self, entry: Any, side: int) -> tuple[int, int, int]:
        """States of a ConvLSTM are smaller."""
        side = side if entry.name == "frame" else side // self._ratio
        return side, side, entry.shape[-1]

    def signature_of(self, side: int, source: Any) -> Signature:
        """`step`: a frame and states -> the next frame and new states."""
        network = self.fixed_size(side)
        names = [entry.name for entry in network.inputs[1:]]
        shapes = [self.shape_of(entry, side) for entry in self.used.inputs]
        inputs = {"frame": TensorSpec(shapes[0], MEANINGS["frame"])}
        outputs = {
            "next": TensorSpec(shapes[0], "the next frame; clip it to [0, 1] to show it, not to continue from it")
        }
        for name, shape in zip(names, shapes[1:], strict=True):
            inputs[name] = TensorSpec(shape, MEANINGS.get(name, STATE))
            outputs[f"new_{name}"] = TensorSpec(shape, f"{name} of the next step")

        def examples(source: Any, count: int, seed: int) -> dict[str, np.ndarray]:
            frame = self.windows(source, count, side, seed)[:, 0]
            return {"frame": frame} | {
                name: np.zeros((count, *shape), np.float32) for name, shape in zip(names, shapes[1:], strict=True)
            }

        feedback = {f"new_{name}": name for name in names}
        return Signature(
            network,
            inputs,
            outputs,
            partial(examples, source),
            feedback,
            longest=self.recipe.window,
            strange=partial(examples, None),
        )

    def export_metadata(self) -> dict[str, Any]:
        """The number of frames to read before the first prediction is valid."""
        return {"past": self.recipe.past, "rate": self.recipe.video.rate}
