"""Layers that several models share."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from aigc_tf.nn.variational import Posterior


class GaussianSample(keras.layers.Layer):
    """The reparameterisation trick, mean + deviation * noise (Kingma & Welling 2014, §2.4).

    Args:
        seed: of the layer's noise generator, whose state is saved with the model.
    """

    def __init__(self, seed: int, **options: object) -> None:
        super().__init__(**options)
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(
        self, mean: keras.KerasTensor, log_variance: keras.KerasTensor, noise: keras.KerasTensor | None = None
    ) -> keras.KerasTensor:
        """One sample for each row.

        Args:
            mean: `[batch, latent_dim]`.
            log_variance: `[batch, latent_dim]`.
            noise: standard normal numbers of the same shape; drawn from the layer's own stream if not given.
        """
        if noise is None:
            noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        return Posterior(mean, log_variance).at(noise)


def spectrally_normalised(layer: keras.layers.Layer, on: bool) -> keras.layers.Layer:
    """The layer, with spectral normalisation of its kernel if `on` (Miyato et al. 2018, algorithm 1).

    Each call in training runs one power iteration and divides the kernel itself by the estimated norm.
    """
    return keras.layers.SpectralNormalization(layer, name=f"{layer.name}_normalised") if on else layer


@keras.saving.register_keras_serializable(package="aigc_tf")
class Channels(keras.layers.Layer):
    """Slice channels `start` to `stop` of `[batch, ..., channels]`."""

    def __init__(self, start: int, stop: int, **options: Any) -> None:
        super().__init__(**options)
        self.start, self.stop = start, stop

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "start": self.start, "stop": self.stop}

    def call(self, x: Any) -> Any:
        return x[..., self.start : self.stop]

    def compute_output_spec(self, x: Any) -> Any:
        return keras.KerasTensor((*x.shape[:-1], self.stop - self.start), x.dtype)
