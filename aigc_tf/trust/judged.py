"""A prediction with its gradients, compiled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.export.graph import Graph
from aigc_tf.families.judges import Judgement
from aigc_tf.families.latent import outputs_of
from aigc_tf.trust.fidelity import Case

MIN_SIDE = 4
"""Minimum size of the feature maps that Grad-CAM weighs: smaller ones hardly localise anything."""


class Judged:
    """A network's predictions and their gradients; the network is a copy with its layers in one flat list.

    Args:
        judgement: how the model predicts.
    """

    def __init__(self, judgement: Judgement) -> None:
        self.judgement = judgement
        self.network = Graph(judgement.network).build(None)
        self.slopes = tf.function(self._slopes, reduce_retracing=True)
        maps = self._last_maps()
        self.with_maps = None if maps is None else keras.Model(self.network.inputs[0], [maps, self.network.outputs[0]])

    def outputs(self, inputs: np.ndarray) -> np.ndarray:
        """Logits float32 `[count, classes]`, or scores `[count, 1]`."""
        found: np.ndarray = outputs_of(self.network, inputs)
        return found

    def cases(self, inputs: np.ndarray) -> list[Case]:
        """A case for each of inputs `[count, ...]`, with the most likely class as its label."""
        inputs = inputs.astype(np.float32)
        references, labels = self.judgement.reference(inputs), self.outputs(inputs).argmax(axis=1)
        return [Case(*row) for row in zip(inputs, references.astype(np.float32), labels.tolist(), strict=True)]

    def named(self, case: Case) -> str:
        """The prediction in words: "Sneaker 0.931", or the score."""
        (value,) = self.values(case.value[None], case.label)
        name = self.judgement.names[case.label] if self.judgement.names else self.judgement.meaning
        return f"{name} {value:.3g}" if self.judgement.names else f"{name}: {value:.4g}"

    def values(self, inputs: np.ndarray, label: int) -> np.ndarray:
        """The value to explain, `[count]`: the probability of a class, or the score."""
        outputs = self.outputs(inputs)
        shown = tf.nn.softmax(outputs).numpy() if self.judgement.names else outputs
        return np.asarray(shown[:, label])

    def _slopes(self, inputs: tf.Tensor, label: tf.Tensor) -> tf.Tensor:
        """The gradient of a class's logit, or of the score, with respect to the inputs."""
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            value = tf.reduce_sum(tf.gather(self.network(inputs, training=False), label, axis=1))
        return tape.gradient(value, inputs)

    def _last_maps(self) -> keras.KerasTensor | None:
        """The last feature maps that are smaller than the image but still have spatial resolution."""
        size = self.network.input_shape[1:3]
        found = [
            output
            for layer in self.network.layers
            for output in keras.tree.flatten(layer.output)
            if len(output.shape) == 4
            and all(MIN_SIDE <= side < whole for side, whole in zip(output.shape[1:3], size, strict=True))
        ]
        return found[-1] if found else None

    def shuffled(self, seed: int) -> AbstractContextManager[Iterator[str]]:
        """Shuffle all layers of the network, one more at each step; see the function `shuffled`."""
        return shuffled(self.network, seed)


@contextmanager
def shuffled(network: keras.Model, seed: int) -> Iterator[Iterator[str]]:
    """Iterator that shuffles the weights of one more layer at each step, from the last layer to the first.

    They are restored afterwards. Weights are permuted, not reinitialised, so their magnitudes stay as learnt.
    """
    random = np.random.default_rng(seed)
    kept = network.get_weights()

    def one_after_the_other() -> Iterator[str]:
        for layer in reversed(network.layers):
            weights = layer.get_weights()
            if any(array.size > 1 for array in weights):
                layer.set_weights([random.permuted(array.ravel()).reshape(array.shape) for array in weights])
                yield layer.name

    try:
        yield one_after_the_other()
    finally:
        network.set_weights(kept)
