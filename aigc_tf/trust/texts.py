"""Explanations of text classification."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import tensorflow as tf

from aigc_tf.data.text.vocabulary import UNKNOWN
from aigc_tf.families.text.classification.attributions import attention, integrated_gradients
from aigc_tf.families.text.classification.model import TextClassifier
from aigc_tf.families.text.classification.networks import Looked
from aigc_tf.trust.fidelity import Case, Method
from aigc_tf.trust.judged import shuffled


class JudgedText:
    """A text classifier's predictions for tokens; its evidence tables are shuffled as well.

    Args:
        model: the classifier.
    """

    def __init__(self, model: TextClassifier) -> None:
        self.model, self.networks = model, model.networks

    def case(self, tokens: np.ndarray) -> Case:
        """The case of tokens int32 `[time]`; in the reference all tokens are unknown, except the start token."""
        reference = np.full_like(tokens, UNKNOWN)
        reference[0] = tokens[0]
        return Case(tokens, reference, int(self._outputs(tokens[None])[0].argmax()))

    def values(self, inputs: np.ndarray, label: int) -> np.ndarray:
        """The probability of a class, `[count]`, for rows of tokens of equal length, `[count, time]`."""
        found: np.ndarray = tf.nn.softmax(self._outputs(inputs)).numpy()[:, label]
        return found

    def _outputs(self, rows: np.ndarray) -> np.ndarray:
        """Logits; not compiled, since a compiled function would keep the evidence that it was traced with."""
        logits, evidence, _ = self.networks.sequence(tf.constant(rows), training=False)
        found: np.ndarray = (logits + evidence).numpy()
        return found

    @contextmanager
    def shuffled(self, seed: int) -> Iterator[Iterator[str]]:
        """See `judged.shuffled`: the layers, then the evidence tables."""
        tables = {layer: layer.table for layer in self.networks.sequence.layers if isinstance(layer, Looked)}

        def and_tables(layers: Iterator[str]) -> Iterator[str]:
            yield from layers
            random = np.random.default_rng(seed)
            for layer, table in tables.items():
                layer.table = random.permutation(table)
                yield layer.name

        try:
            with shuffled(self.networks.sequence, seed) as layers:
                yield and_tables(layers)
        finally:
            for layer, table in tables.items():
                layer.table = table

    def methods(self) -> dict[str, Method]:
        """Attention, integrated gradients, and occlusion with the unknown token."""

        def occlusion(case: Case) -> np.ndarray:
            time = len(case.value)
            without = np.where(np.eye(time, dtype=bool), case.reference, case.value)
            before, *after = self.values(np.concatenate([case.value[None], without]), case.label)
            return before - np.array(after)

        return {
            "attention": lambda case: attention(self.networks, case.value),
            "integrated gradients": lambda case: integrated_gradients(self.networks, case.value, case.label),
            "occlusion": occlusion,
        }
