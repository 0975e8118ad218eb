"""The networks for sequences of spectra: a causal transformer that predicts the next frame at every position."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from aigc_tf.data.classes import ClassNames
from aigc_tf.nn.attention import TransformerBlock
from aigc_tf.nn.embeddings import Positions, learned_positions
from aigc_tf.nn.kv_cache import AttendAt, kv_cache
from aigc_tf.nn.likelihoods import MIN_LOGISTIC_LOG_SCALE, LogisticMixture
from aigc_tf.recipes.sound_ar import SoundAR

_LOG_SCALE = -3.0  # of a band initially: its typical change from frame to frame


@dataclass(frozen=True)
class FrameNetworks:
    """Two variants of one model that share their weights."""

    sequence: keras.Model
    """`before` `[batch, frames, bands]` in [-1, 1], the previous frame of each, and `label` int32 `[batch]` ->
    parameters of the mixture `[batch, 1, frames, parameters]`."""
    step: keras.Model
    """`before` `[batch, bands]`, `label` and states -> log-odds of the components `[batch, components]`, means and log
    scales `[batch, bands, components]`, and new states."""
    feedback: Mapping[str, str]
    """Maps outputs of a step to inputs of the next."""
    mixture: LogisticMixture
    """The likelihood that the parameters belong to."""

    @cached_property
    def compiled_step(self) -> Any:
        """The step in inference mode, compiled once for each batch size."""
        return tf.function(partial(self.step, training=False), reduce_retracing=True)


def frame_networks(recipe: SoundAR, classes: ClassNames) -> FrameNetworks:
    """Both variants for a recipe."""
    sound, mixture = recipe.sound, LogisticMixture(recipe.components, name="mixture")
    network = _Transformer(recipe, classes)
    label = keras.Input((), dtype="int32", name="label")
    before = keras.Input((sound.frames, sound.bands), name="before")
    parts = network(before, label, Positions(name="places")(before[..., 0]), lambda _, attention, x: attention(x)[0])
    sequence = keras.Model([before, label], ops.concatenate(parts, axis=-1)[:, None], name="sequence")
    network.begin_with_the_frame_before(sound.bands, recipe.components)

    states, new_states, attend = kv_cache(recipe.depth, recipe.heads, recipe.width, sound.frames)
    frame = keras.Input((sound.bands,), name="before")
    weights, *others = network(frame[:, None], label, states["position"][:, None], attend)
    shape = (sound.bands, recipe.components)
    made = [layers.Flatten(name="weights_of_frame")(weights)]
    made += [layers.Reshape(shape)(part) for part in others]
    new_states |= {"position": states["position"] + 1}
    step = keras.Model([frame, label, *states.values()], [*made, *(new_states[name] for name in states)], name="step")
    return FrameNetworks(sequence, step, {f"new_{name}": name for name in states}, mixture)


class _Transformer:
    """The layers, shared by both variants."""

    def __init__(self, recipe: SoundAR, classes: ClassNames) -> None:
        small = keras.initializers.RandomNormal(stddev=recipe.embedding_deviation)
        self.read = layers.Dense(recipe.width, name="frame")
        self.told = layers.Embedding(
            len(classes.names), recipe.width, embeddings_initializer=small, name="class_embedding"
        )
        self.place = learned_positions(recipe.sound.frames, recipe.width, recipe.embedding_deviation)
        self.blocks = [
            TransformerBlock(
                recipe.width,
                recipe.heads,
                name=str(index),
                causal=True,
                added=(2 * recipe.depth) ** -0.5,
                dropout=recipe.dropout,
                seed=recipe.seed + index,
            )
            for index in range(recipe.depth)
        ]
        self.norm = layers.RMSNormalization(name="last_norm")
        # Separate layers, so that each has its own range in 8-bit arithmetic.
        numbers = recipe.sound.bands * recipe.components
        self.weights = layers.Dense(recipe.components, kernel_initializer=small, name="weights")
        self.change = layers.Dense(numbers, kernel_initializer=small, name="change")
        self.same = layers.Dense(numbers, use_bias=False, kernel_initializer="zeros", name="frame_before")
        first = keras.initializers.Constant(_LOG_SCALE)
        self.scales = layers.Dense(numbers, kernel_initializer=small, bias_initializer=first, name="log_scales")

    def __call__(self, before: Any, label: Any, positions: Any, attend: AttendAt) -> list[Any]:
        """Log-odds, means and log scales of the frames after `before`, `[batch, time, bands]`: `[batch, time, ...]`."""
        x = self.read(before) + self.place(positions) + self.told(label)[:, None]
        for index, block in enumerate(self.blocks):
            x = block(x, partial(attend, index))
        x = self.norm(x)
        means = layers.Add(name="means")([self.change(x), self.same(before)])
        return [self.weights(x), means, ops.maximum(self.scales(x), MIN_LOGISTIC_LOG_SCALE)]

    def begin_with_the_frame_before(self, bands: int, components: int) -> None:
        """Initialise the weights so that all components have the previous frame as their mean."""
        self.same.kernel.assign(np.repeat(np.eye(bands, dtype=np.float32), components, axis=1))
