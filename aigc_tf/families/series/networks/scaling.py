"""Layers that convert between the units of series and standardised values."""

from __future__ import annotations

import keras
import numpy as np

from aigc_tf.data.series.source import Scaling


class Affine(keras.layers.Layer):
    """inputs * scale + offset, for each series.

    Args:
        scale: `[series]`.
        offset: `[series]`.
    """

    def __init__(self, scale: list[float], offset: list[float], **options: object) -> None:
        super().__init__(**options)
        self.scale, self.offset = scale, offset

    def get_config(self) -> dict[str, object]:
        """The constructor's arguments."""
        return {**super().get_config(), "scale": self.scale, "offset": self.offset}

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """`[..., series]` -> the same shape."""
        return inputs * np.array(self.scale, np.float32) + np.array(self.offset, np.float32)


def standardise(scaling: Scaling) -> Affine:
    """From the series' own units to standardised values."""
    scale = 1 / scaling.deviation
    return Affine(scale.tolist(), (-scaling.mean * scale).tolist(), name="standardise")


def restore(scaling: Scaling) -> Affine:
    """From standardised values to the series' own units."""
    return Affine(scaling.deviation.tolist(), scaling.mean.tolist(), name="restore")
