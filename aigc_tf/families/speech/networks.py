"""Networks for speech: residual convolutions over letters, and over frames."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from aigc_tf.data.text.vocabulary import Vocabulary
from aigc_tf.recipes.speech import Speech


@keras.saving.register_keras_serializable(package="aigc_tf")
class Masked(layers.Layer):
    """Set masked positions to zero: `[batch, time, channels]` and `[batch, time]` -> `[batch, time, channels]`."""

    def call(self, x: Any, mask: Any) -> Any:
        return x * ops.expand_dims(mask, -1)

    def compute_output_spec(self, x: Any, mask: Any) -> Any:
        return keras.KerasTensor(x.shape, x.dtype)


@keras.saving.register_keras_serializable(package="aigc_tf")
class Given(layers.Layer):
    """A stop-gradient layer."""

    def call(self, x: Any) -> Any:
        return ops.stop_gradient(x)


def encoder(recipe: Speech, vocabulary: Vocabulary) -> keras.Model:
    """Letters int32 `[batch, letters]` and mask `[batch, letters]` -> their states `[batch, letters, width]`, the mean
    spectrum of each `[batch, letters, bands]` and the logarithm of its frames `[batch, letters]`."""
    symbols = keras.Input((None,), dtype="int32", name="symbols")
    mask = keras.Input((None,), name="mask")
    x = layers.Embedding(len(vocabulary), recipe.width, name="embedding")(symbols)
    for index in range(recipe.encoder_blocks):
        x = _block(x, mask, recipe, f"letters_{index}")
    mean = layers.Dense(recipe.sound.bands, name="mean")(x)
    told = _block(Given(name="given")(x), mask, recipe, "durations")
    log_frames = layers.Dense(1, name="log_frames")(told)
    log_frames = layers.Reshape((-1,), name="log_frames_of_letters")(log_frames)
    return keras.Model([symbols, mask], [x, mean, log_frames], name="encoder")


def decoder(recipe: Speech, vocabulary: Vocabulary) -> keras.Model:
    """For each frame, state and mean spectrum of its letter and the relative position in it -> brightness.

    `[batch, frames, width]`, `[batch, frames, bands]`, `[batch, frames]` and a mask -> `[batch, frames, bands]`.
    """
    del vocabulary
    states = keras.Input((None, recipe.width), name="states")
    means = keras.Input((None, recipe.sound.bands), name="means")
    progress = keras.Input((None,), name="progress")
    mask = keras.Input((None,), name="mask")
    place = layers.Reshape((-1, 1), name="place")(progress)
    x = layers.Dense(recipe.width, name="joined")(layers.Concatenate(name="told")([states, means, place]))
    for index in range(recipe.decoder_blocks):
        x = _block(x, mask, recipe, f"frames_{index}", 2 ** min(index, 3))
    change = layers.Dense(recipe.sound.bands, kernel_initializer="zeros", name="change")(x)
    return keras.Model([states, means, progress, mask], layers.Add(name="brightness")([means, change]), name="decoder")


def _block(x: Any, mask: Any, recipe: Speech, name: str, dilation: int = 1) -> Any:
    """A pre-activation residual block of convolutions; masked positions stay zero."""
    inner = layers.LayerNormalization(name=f"{name}_norm")(x)
    inner = Masked(name=f"{name}_masked")(inner, mask)
    inner = layers.Conv1D(
        recipe.width,
        recipe.kernel_size,
        padding="same",
        dilation_rate=dilation,
        activation="relu",
        name=f"{name}_first",
    )(inner)
    inner = layers.Dropout(recipe.dropout, name=f"{name}_dropout")(inner)
    inner = layers.Dense(recipe.width, name=f"{name}_second")(inner)
    return layers.Add(name=f"{name}_sum")([x, inner])
