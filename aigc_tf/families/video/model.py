"""The base class of models that predict video frames: training, previews, frames of any size, export."""

from __future__ import annotations

import abc
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.source import Batch
from aigc_tf.data.video.clip import Clip, stacked
from aigc_tf.data.video.source import squares
from aigc_tf.errors import InputError
from aigc_tf.families.base import AnySize, GenerativeModel, Signature
from aigc_tf.families.latent import averaged, update_average
from aigc_tf.families.pages import Panel
from aigc_tf.families.photo_model import in_channels
from aigc_tf.families.tasks import Transforms
from aigc_tf.families.video.export import VideoExport
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.clips import Clips, frames_of, rate_of
from aigc_tf.modalities.drawing import rows_of
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.nn.losses import charbonnier
from aigc_tf.nn.optimizers import adam, schedule
from aigc_tf.recipes.video import VideoRecipe

SHOWN = 2  # windows
_AT_ONCE = 8


class VideoModel(GenerativeModel, Transforms, AnySize):
    """Learns to predict some frames of a window from the others.

    Args:
        recipe: its optimizer, EMA and seed.
        network: see subclasses.
    """

    recipe: VideoRecipe
    signature: ClassVar[str]
    """Name of the exported signature."""

    def __init__(self, recipe: VideoRecipe, network: keras.Model) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.network = recipe, network
        self.used = averaged(network, recipe.average_clips)
        self.adam = adam(recipe.optimizer, network.trainable_variables, schedule(recipe.schedule, recipe.steps))
        self.ready()
        self._made = tf.function(lambda clip: self.made(self.used, clip, training=False), reduce_retracing=True)

    @property
    def takes(self) -> Clips:
        """Clips of any size."""
        return Clips(self.recipe.video)

    @property
    def gives(self) -> Clips:
        """Clips of any size."""
        return Clips(self.recipe.video)

    @abc.abstractmethod
    def made(self, network: keras.Model, clip: tf.Tensor, training: bool) -> tf.Tensor:
        """Frames predicted by the network from the others of windows `[batch, window, height, width, channels]`."""

    @abc.abstractmethod
    def truth(self, clip: Any) -> Any:
        """The target frames of windows, `[batch, made, height, width, channels]`."""

    @abc.abstractmethod
    def given(self, clip: Any) -> Any:
        """The given frames of windows."""

    @abc.abstractmethod
    def continued(self, clip: np.ndarray, **options: Any) -> np.ndarray:
        """Extend a user's clip, float32 `[time, height, width, channels]` in [0, 1], with valid height and width."""

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the network on windows `clip`, `[batch, window, height, width, channels]` in [0, 1]."""
        clip = batch["clip"]
        with tf.GradientTape() as tape:
            made = self.made(self.network, clip, training=True)
            loss = charbonnier(made, self.truth(clip))
        weights = self.network.trainable_variables
        norm = self.adam.apply(tape.gradient(loss, weights), weights)
        update_average(self.used, self.network, ops.shape(clip)[0], self.adam.iterations, self.recipe.average_clips)
        return {"loss": loss, "gradient_norm": norm}

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """The loss on held-out windows. Changes nothing."""
        made = self.made(self.used, batch["clip"], training=False)
        return {"loss": charbonnier(made, self.truth(batch["clip"]))}

    def of_windows(self, windows: np.ndarray) -> np.ndarray:
        """Predict frames of windows, uint8 or in [0, 1]: float32 `[count, made, height, width, channels]` in [0, 1]."""
        clips = as_brightness(windows)
        parts = [self._made(tf.constant(clips[at : at + _AT_ONCE])).numpy() for at in range(0, len(clips), _AT_ONCE)]
        return np.clip(np.concatenate(parts), 0, 1)

    def transform(self, inputs: Any, seed: int = 0, condition: Any = None, **options: Any) -> Any:
        """Extend each clip.

        Args:
            inputs: `Clip` objects, or arrays `[time, height, width, channels]`, uint8 or in [0, 1], of any sizes.
            seed: unused, since nothing is sampled.
            condition: unused.
            options: the recipe's `transform_options`.

        Returns:
            `Clip` objects for clips, arrays in [0, 1] for arrays; one array if all have the same shape.

        Raises:
            InputError: a clip has too few frames, or other than 1 or 3 channels.
        """
        del seed
        self.refuse_condition(condition)
        chosen = self.recipe.transform_options(**options).arguments()
        outputs: list[Any] = []
        for value in self.takes.rows(inputs):
            frames = in_channels(as_brightness(frames_of(value)), self.recipe.video.channels)
            if len(frames) < self.shortest:
                raise InputError(
                    f"a clip has {len(frames)} frames: {self.recipe.slug()} needs at least {self.shortest}"
                )
            height, width = frames.shape[1:3]
            fitting = [(0, -side % self.recipe.granularity) for side in (height, width)]
            padded = np.pad(frames, ((0, 0), *fitting, (0, 0)), mode="edge")
            made = np.clip(self.continued(padded, **chosen), 0, 1)[:, :height, :width]
            outputs.append(Clip(made, self.rate(rate_of(value))) if isinstance(value, Clip) else made)
        return self.gives.stack(outputs) if not isinstance(outputs[0], np.ndarray) else stacked(outputs)

    @property
    @abc.abstractmethod
    def shortest(self) -> int:
        """Minimum number of frames of a user's clip."""

    def rate(self, given: float) -> float:
        """Frame rate of the output, from that of the input."""
        return given

    def previews(self, source: Any) -> dict[str, Preview]:
        """Rows of held-out windows: the truth, and the given frames with predicted ones in place."""
        windows = source.inputs("validation", SHOWN)
        made = self.of_windows(windows)
        rows = [row for pair in zip(as_brightness(windows), self.in_place(windows, made), strict=True) for row in pair]
        return {"truth_and_made": rows_of(np.stack(rows))}

    @abc.abstractmethod
    def in_place(self, windows: np.ndarray, made: np.ndarray) -> np.ndarray:
        """Windows with predicted frames in place of the true ones, float32 in [0, 1]."""

    def of_size(self, side: int) -> VideoExport:
        """See `AnySize.of_size`."""
        return VideoExport(self, side)

    @property
    @abc.abstractmethod
    def page_facts(self) -> dict[str, int]:
        """Facts for the page on given and predicted frames; see `web_page/frames.js`."""

    def page(self, source: Any = None) -> list[Panel]:
        """See `VideoExport.page`."""
        return VideoExport(self, self.recipe.video.crop).page(source)

    @abc.abstractmethod
    def signature_of(self, side: int, source: Any) -> Signature:
        """The exported signature for squares of that many pixels."""

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """One, for squares of the training size."""
        return VideoExport(self, self.recipe.video.crop).signatures(source)

    def fixed_size(self, side: int) -> keras.Model:
        """The network for inference with fixed square inputs."""
        inputs = [keras.Input(self.shape_of(entry, side), name=entry.name) for entry in self.used.inputs]
        outputs = self.used(inputs if len(inputs) > 1 else inputs[0])
        return keras.Model(inputs, outputs, name="fixed_size")

    def shape_of(self, entry: Any, side: int) -> tuple[int, int, int]:
        """The shape of an input of the network for frames of that side."""
        return side, side, entry.shape[-1]

    def windows(self, source: Any, count: int, side: int, seed: int) -> np.ndarray:
        """Validation windows, or noise without a source: float32 `[count, window, side, side, channels]`."""
        recipe = self.recipe
        if source is None:
            shape = (count, recipe.window, side, side, recipe.video.channels)
            return np.random.default_rng(seed).random(shape, np.float32)
        found = as_brightness(source.inputs("validation", count))
        return squares(found[np.arange(count) % len(found)], side)
