"""Instance normalisation that LiteRT's delegates can run at any height and width."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="aigc_tf")
class InstanceNormalization(layers.GroupNormalization):
    """Normalises each channel of each picture over height and width (Ulyanov et al. 2017, eq. 2).

    Equal to `keras.layers.GroupNormalization` with one channel per group, with the same weights but without its
    reshapes: for pictures of unknown size these keep all later operations off the delegates.

    `[batch, height, width, channels]` -> the same.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"groups": -1} | options)

    def call(self, x: Any) -> Any:
        centred = x - ops.mean(x, axis=(1, 2), keepdims=True)
        variance = ops.mean(ops.square(centred), axis=(1, 2), keepdims=True)
        factor = ops.rsqrt(variance + self.epsilon)
        normal = centred * (factor if self.gamma is None else self.gamma * factor)
        return normal if self.beta is None else normal + self.beta
