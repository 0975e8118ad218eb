"""Bicubic upscaling as one convolution with constant weights, which converts to LiteRT at any height and width."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

_REACH = 2


def cubic(distance: np.ndarray) -> np.ndarray:
    """The interpolation kernel of Keys 1981, eq. 14 with a = -0.5, at distances in pixels."""
    d = np.abs(distance)
    near, far = 1.5 * d**3 - 2.5 * d**2 + 1, -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
    return np.where(d < 1, near, np.where(d < 2, far, 0.0))


def phases(scale: int) -> np.ndarray:
    """Weights of the five nearest pixels for each of the `scale` new pixels that replace one: float64 `[5, scale]`."""
    places = (np.arange(scale) + 0.5) / scale - 0.5
    return cubic(np.arange(-_REACH, _REACH + 1)[:, np.newaxis] - places)


@keras.saving.register_keras_serializable(package="aigc_tf")
class Bicubic(keras.layers.Layer):
    """Bicubic upscaling by an integer factor; pixels outside the image count as black.

    `[batch, height, width, channels]` -> `[batch, scale * height, scale * width, channels]`.

    Args:
        scale: of height and width.
    """

    def __init__(self, scale: int, **options: Any) -> None:
        super().__init__(**options)
        self.scale = scale

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Create the constant weights; output channels are in the order that `depth_to_space` takes."""
        channels, weights = int(shape[-1] or 0), phases(self.scale)
        kernel = np.zeros((len(weights), len(weights), channels, self.scale, self.scale, channels), np.float32)
        for channel in range(channels):
            kernel[:, :, channel, :, :, channel] = np.einsum("iy,jx->ijyx", weights, weights)
        self._kernel = kernel.reshape(len(weights), len(weights), channels, -1)

    def call(self, x: Any) -> Any:
        return ops.depth_to_space(ops.conv(x, self._kernel, padding="same"), self.scale)

    def compute_output_spec(self, x: Any) -> Any:
        batch, *sizes, channels = x.shape
        larger = [None if size is None else self.scale * size for size in sizes]
        return keras.KerasTensor((batch, *larger, channels), x.dtype)
