"""Position embeddings of sequences, and time embeddings of diffusion and flow models."""

from __future__ import annotations

from functools import cache
from typing import Any

import keras
import numpy as np
from keras import layers, ops

ROTARY_BASE = 10_000.0


class Positions(layers.Layer):
    """The positions int32 `[time]` of tokens `[batch, time]`."""

    def call(self, tokens: Any) -> Any:
        return ops.arange(ops.shape(tokens)[1], dtype="int32")

    def compute_output_spec(self, tokens: Any) -> Any:
        return keras.KerasTensor(tokens.shape[1:], "int32")


def learned_positions(context: int, width: int, deviation: float, name: str = "position_embedding") -> layers.Embedding:
    """Learned position embeddings, to be added to the token embeddings (Gehring et al. 2017, §3.1).

    Args:
        context: how many positions there are.
        width: of the embeddings.
        deviation: standard deviation of their initial values.
        name: of the layer.

    Returns:
        A layer: positions int32 `[...]` in [0, context) -> `[..., width]`.
    """
    initializer = keras.initializers.RandomNormal(stddev=deviation)
    return layers.Embedding(context, width, embeddings_initializer=initializer, name=name)


@cache
def rotary_angles(context: int, head: int) -> tuple[np.ndarray, np.ndarray]:
    """Cosines and sines `[context, head / 2]` of rotary position embeddings (Su et al. 2021, §3.2.2)."""
    frequencies = ROTARY_BASE ** (-np.arange(0, head, 2) / head)
    angles = np.arange(context)[:, None] * frequencies
    return np.cos(angles).astype("float32"), np.sin(angles).astype("float32")


def rotate(x: Any, cosines: Any, sines: Any) -> Any:
    """Rotate the pairs (x_i, x_{i + head/2}) of `[..., time, head]` by angles `[time, head / 2]`."""
    first, second = ops.split(x, 2, axis=-1)
    return ops.concatenate([first * cosines - second * sines, second * cosines + first * sines], axis=-1)


@keras.saving.register_keras_serializable(package="aigc_tf")
class SinusoidalEmbedding(layers.Layer):
    """Sinusoidal embedding: cos(t ω_i) and sin(t ω_i), ω_i = longest^(-2i / size) (Vaswani et al. 2017, §3.5).

    Diffusion networks are conditioned on it (Ho et al. 2020, appendix B). The highest frequency is 1: scale times in
    [0, 1], as in flows, beforehand, for example by 1000.

    Args:
        size: of the embedding, an even number.
        longest: about 1 / 2π of the longest wavelength.
    """

    def __init__(self, size: int, longest: float = 10_000.0, **options: Any) -> None:
        if size % 2:
            raise ValueError(f"size is {size}: half are cosines and half are sines, choose an even number")
        super().__init__(**options)
        self.size, self.longest = size, longest

    def call(self, times: Any) -> Any:
        """Times `[...]`, of any type -> `[..., size]` in [-1, 1], first the cosines, then the sines."""
        frequencies = (self.longest ** (-np.arange(0, self.size, 2) / self.size)).astype("float32")
        angles = ops.cast(times, "float32")[..., None] * frequencies
        return ops.concatenate([ops.cos(angles), ops.sin(angles)], axis=-1)
