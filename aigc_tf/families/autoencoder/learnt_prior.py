"""A learnt prior: a normalising flow of affine couplings over latents (Dinh et al. 2017, "Real NVP")."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers, ops

from aigc_tf.families.latent_space import standard_normal
from aigc_tf.recipes.autoencoders import PriorSettings

LARGEST_LOG_SCALE = 2.0
"""Bound on a coupling's log scale, by a tanh, against overflow in training."""


class StandardPrior(NamedTuple):
    """A VAE that samples standard normal latents, whatever prior it has learnt: the baseline of that prior."""

    model: Any

    def conditions(self, given: Any, count: int) -> Any:
        """See `aigc_tf.families.tasks.Task.conditions`."""
        return self.model.conditions(given, count)

    def generate(self, count: int, seed: int = 0, condition: Any = None, truncation: float | None = None) -> np.ndarray:
        """See `aigc_tf.families.latent.LatentModel.generate`."""
        return self.model.decode(standard_normal((count, self.model.latent_dim), seed, truncation), condition)


class Couplings(keras.Model):
    """A flow: each coupling keeps one half of a vector, and scales and shifts the other as functions of the first.

    The halves swap after each coupling. The flow starts as the identity, up to this permutation.

    Args:
        size: of the vectors, at least 2.
        settings: number and width of the couplings.
        seed: of the weights.
    """

    def __init__(self, size: int, settings: PriorSettings, seed: int) -> None:
        super().__init__(name="flow")
        self.size = size
        kept = [size // 2, size - size // 2]
        self.networks = [
            _network(index, kept[index % 2], kept[1 - index % 2], settings.units, seed)
            for index in range(settings.couplings)
        ]
        self.built = True

    def call(self, latents: Any) -> tuple[Any, Any]:
        """Latents `[batch, size]` -> normal noise of that shape, and the log determinant, `[batch]` (eqs. 4 to 6)."""
        total: Any = 0.0
        for network in self.networks:
            kept, moved = _parted(latents, network.input_shape[-1])
            shift, log_scale = network(kept)
            latents = ops.concatenate([moved * ops.exp(log_scale) + shift, kept], axis=-1)
            total = total + ops.sum(log_scale, axis=-1)
        return latents, total

    def inverse(self, normal: Any) -> Any:
        """Standard normal noise `[batch, size]` -> samples of the prior, of the same shape (eqs. 7, 8)."""
        for network in reversed(self.networks):
            moved, kept = _parted(normal, self.size - network.input_shape[-1])
            shift, log_scale = network(kept)
            normal = ops.concatenate([kept, (moved - shift) * ops.exp(-log_scale)], axis=-1)
        return normal

    def nats(self, latents: Any) -> Any:
        """-log p(z) of latents `[batch, size]`, by the change of variables (eq. 3): `[batch]`."""
        normal, log_determinant = self(latents)
        return 0.5 * ops.sum(ops.square(normal) + math.log(2 * math.pi), axis=-1) - log_determinant


def _parted(vectors: Any, first: int) -> tuple[Any, Any]:
    """Split vectors `[batch, size]` after `first` numbers."""
    return vectors[:, :first], vectors[:, first:]


def _network(index: int, kept: int, moved: int, units: int, seed: int) -> keras.Model:
    """The kept half `[batch, kept]` -> shift and log scale of the other, `[batch, moved]`; initially zeros."""
    half = x = keras.Input((kept,), name="kept")
    for place in range(2):
        initializer = keras.initializers.GlorotUniform(seed + 2 * index + place)
        x = layers.Dense(units, activation="relu", kernel_initializer=initializer, name=f"hidden_{place}")(x)
    shift = layers.Dense(moved, kernel_initializer="zeros", name="shift")(x)
    log_scale = layers.Dense(moved, activation="tanh", kernel_initializer="zeros", name="log_scale")(x)
    bounded = layers.Rescaling(LARGEST_LOG_SCALE, name="bounded")(log_scale)
    return keras.Model(half, [shift, bounded], name=f"coupling_{index}")
