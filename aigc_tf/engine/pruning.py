"""Magnitude pruning: during training the smallest weights become zero, quickly at first, then more slowly."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np

MIN_SIZE = 64  # weights in a kernel; pruning smaller ones gains nothing


def sparsity_at(step: int, final: float, first_step: int, last_step: int) -> float:
    """Sparsity at a step: a cubic rise from 0 (Zhu & Gupta 2017, eq. 1).

    Args:
        step: the training step.
        final: sparsity at the end, in [0, 1).
        first_step: where the rise begins.
        last_step: where it ends.
    """
    done = min(max((step - first_step) / (last_step - first_step), 0.0), 1.0)
    return final * (1 - (1 - done) ** 3)


class Pruning(keras.callbacks.Callback):
    """A `fit` callback that keeps the smallest weights of each kernel at zero, for any Keras model.

    The mask is recomputed every `every` steps while sparsity rises, then stays fixed. Only kernels are pruned, not
    biases or normalisation. Copies that are not trained, such as moving averages, get the same mask; see
    `untrained_copies`.

    Args:
        sparsity: share of zero weights at the end, in [0, 1).
        last_step: the step at which it is reached.
        first_step: steps before pruning begins.
        every: steps between two updates of the mask.
        within: model -> the only variables whose kernels are pruned, and kernels whose copies are among them; by
            default all are.

    Raises:
        ValueError: the sparsity is not in [0, 1), or the steps are out of order.
    """

    def __init__(
        self,
        sparsity: float,
        last_step: int,
        first_step: int = 0,
        every: int = 20,
        within: Callable[[Any], Iterable[keras.Variable]] | None = None,
    ) -> None:
        super().__init__()
        if not 0 <= sparsity < 1:
            raise ValueError(f"sparsity is {sparsity:g}: give a share of at least 0 and below 1")
        if not (0 <= first_step < last_step and every > 0):
            raise ValueError(f"first_step {first_step}, last_step {last_step}, every {every}: give them in order")
        self.sparsity, self.first_step, self.last_step, self.every = sparsity, first_step, last_step, every
        self.within = within
        self.step = 0

    def on_train_begin(self, logs: Any = None) -> None:
        run = getattr(self.model, "optimizers", None)
        self.step = max((int(each.iterations) for each in run.values()), default=0) if run else 0
        self.copies = untrained_copies(self.model)
        self.kernels = [each for each in self.model.trainable_variables if is_pruned(each)]
        if self.within is not None:
            ids = {id(each) for each in self.within(self.model)}
            self.kernels = [each for each in self.kernels if ids & {id(each), id(self.copies.get(id(each)))}]
        self.masks = [np.ones(kernel.shape, "float32") for kernel in self.kernels]
        self.decide()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.step += 1
        rising = self.first_step < self.step <= self.last_step
        if rising and (self.step % self.every == 0 or self.step == self.last_step):
            self.decide()
        self.apply()

    def decide(self) -> None:
        """Update the masks for the current step."""
        share = sparsity_at(self.step, self.sparsity, self.first_step, self.last_step)
        self.masks = [mask_of(np.asarray(kernel), share) for kernel in self.kernels]

    def apply(self) -> None:
        """Set masked weights to zero."""
        for kernel, mask in zip(self.kernels, self.masks, strict=True):
            kernel.assign(kernel * mask)
            copy = self.copies.get(id(kernel))
            if copy is not None:
                copy.assign(copy * mask)


def is_pruned(variable: keras.Variable) -> bool:
    """Whether a variable is a kernel to prune."""
    return variable.name == "kernel" and int(np.prod(variable.shape)) >= MIN_SIZE


def untrained_copies(model: keras.Model) -> dict[int, keras.Variable]:
    """The untrained copy, such as a moving average, of each weight of a model's networks, by the weight's id.

    Two networks in attributes are copies if their weights have the same paths and shapes, and one of them is trained.
    """
    networks = [each for each in vars(model).values() if isinstance(each, keras.Model) and each.weights]
    trained = [each for each in networks if each.trainable_variables]
    found: dict[int, keras.Variable] = {}
    for copy in (each for each in networks if not each.trainable_variables):
        for network in trained:
            if _forms(network) == _forms(copy) and id(network.weights[0]) not in found:
                found |= {id(mine): other for mine, other in zip(network.weights, copy.weights, strict=True)}
                break
    return found


def _forms(network: keras.Model) -> list[tuple[str, tuple[int, ...]]]:
    return [(weight.path, tuple(weight.shape)) for weight in network.weights]


def mask_of(kernel: np.ndarray, share: float) -> np.ndarray:
    """Pruning mask: 0 for the given share of smallest magnitudes, 1 for the rest; float32, of the same shape."""
    count = round(share * kernel.size)
    mask = np.ones(kernel.size, np.float32)
    mask[np.argsort(np.abs(kernel).ravel(), kind="stable")[:count]] = 0
    return mask.reshape(kernel.shape)
