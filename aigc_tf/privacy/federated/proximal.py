"""FedProx (Li et al. 2020): a penalty keeps clients near the weights a round began with, for any optimizer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import tensorflow as tf


class Proximal:
    """The term μ/2 ‖w − w₀‖² (equation 2) in the losses of all optimizers of a model.

    Args:
        optimizers: of the model; each is patched to add the term's gradient to the gradients it receives.
        weights: the trainable weights.
        strength: μ.
    """

    def __init__(
        self, optimizers: Iterable[keras.optimizers.Optimizer], weights: Sequence[keras.Variable], strength: float
    ) -> None:
        self.weights, self.strength = weights, strength
        self.anchors = [tf.Variable(weight.numpy(), trainable=False) for weight in weights]
        self._anchor_of = {id(weight): anchor for weight, anchor in zip(weights, self.anchors, strict=True)}
        for optimizer in optimizers:
            self._hold(optimizer)

    def anchor(self) -> None:
        """Set w₀ to the current weights."""
        for anchor, weight in zip(self.anchors, self.weights, strict=True):
            anchor.assign(weight.value)

    def _hold(self, optimizer: Any) -> None:
        apply = optimizer.apply

        def apply_held(grads: Sequence[tf.Tensor], trainable_variables: Sequence[keras.Variable]) -> Any:
            held = [self.held(*pair) for pair in zip(grads, trainable_variables, strict=True)]
            return apply(held, trainable_variables)

        optimizer.apply = apply_held

    def held(self, gradient: tf.Tensor | None, weight: keras.Variable) -> tf.Tensor | None:
        """The gradient of the loss plus that of the term, μ (w − w₀)."""
        if gradient is None:
            return None
        return tf.convert_to_tensor(gradient) + self.strength * (weight.value - self._anchor_of[id(weight)])
