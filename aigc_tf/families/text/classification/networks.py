"""The networks of a text classifier: a language model's states, attention pooling, and evidence of symbols and pairs.

The layers have the same names as in the language models (`families/text/networks`), so that weights can be copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from aigc_tf.data.classes import ClassNames
from aigc_tf.data.labelled.evidence import FACTOR, Evidence
from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import Vocabulary
from aigc_tf.families.text.networks.recurrent import CELLS
from aigc_tf.families.text.networks.transformer import Transformer
from aigc_tf.nn.embeddings import Positions
from aigc_tf.nn.heads import MASKED
from aigc_tf.recipes.classify import Classify


@dataclass(frozen=True)
class ClassifierNetworks:
    """The network variants of a classifier, which share their layers."""

    sequence: keras.Model
    """Tokens int32 `[batch, time]`, -1 after their end -> the network's own logits `[batch, classes]`, the evidence to
    add to them, of the same shape, and the attention to each token, `[batch, time]`, which sums to 1."""
    embed: keras.Model
    """Tokens -> lookups for each: its embedding, its evidence and that of its pair, `[batch, time, ...]`."""
    judge: keras.Model
    """Tokens, for the padding mask, and the outputs of `embed` -> logits with the evidence."""
    classify: keras.Model
    """Tokens `[batch, context]` -> probabilities `[batch, classes]` and the attention, for phones."""

    @cached_property
    def compiled(self) -> Any:
        """`sequence` in inference mode, compiled once for each batch size."""
        return tf.function(partial(self.sequence, training=False), reduce_retracing=True)

    @cached_property
    def slopes(self) -> Any:
        """Tokens, outputs of `embed` along a path `[steps, time, ...]`, and a class -> gradients of its logit there.

        Compiled once for texts of any length.
        """

        def found(tokens: tf.Tensor, path: list[tf.Tensor], label: tf.Tensor) -> list[tf.Tensor]:
            with tf.GradientTape() as tape:
                tape.watch(path)
                logits = tf.gather(self.judge([tokens, *path], training=False), label, axis=1)
            return tape.gradient(logits, path)

        return tf.function(found, reduce_retracing=True)


def classifier(recipe: Classify, vocabulary: Vocabulary, classes: ClassNames, evidence: Evidence) -> ClassifierNetworks:
    """The networks of a recipe."""
    parts = _Parts(recipe, len(vocabulary), len(classes.names), evidence)
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    looked_up = parts.embed(tokens)
    sequence = keras.Model(tokens, parts.judge(tokens, looked_up), name="sequence")
    embed = keras.Model(tokens, looked_up, name="embed")
    given = [keras.Input((None, part.shape[-1]), name=f"looked_up_{number}") for number, part in enumerate(looked_up)]
    logits, added, _ = parts.judge(tokens, given)
    judge = keras.Model([tokens, *given], logits + added, name="judge")
    row = keras.Input((recipe.text.context,), dtype="int32", name="tokens")
    logits, added, attention = parts.judge(row, parts.embed(row))
    classify = keras.Model(row, [ops.softmax(logits + added), attention], name="classify")
    return ClassifierNetworks(sequence, embed, judge, classify)


class _Parts:
    """The layers, shared by all variants."""

    def __init__(self, recipe: Classify, symbols: int, classes: int, evidence: Evidence) -> None:
        self.trunk = (_Attending if recipe.encoder == "transformer" else _Recurrent)(recipe, symbols)
        self.keys = layers.Dense(self.trunk.width, "tanh", name="keys")
        self.query = layers.Dense(1, use_bias=False, name="query")
        self.pool = AttentionPool(name="pool")
        self.dropout = layers.Dropout(recipe.dropout, seed=recipe.seed + 100, name="pooled_dropout")
        self.readout = layers.Dense(classes, name="class_logits")
        self.pairs = PairPlaces(len(evidence.pairs), name="pairs")
        self.of_symbols = Looked(evidence.symbols, name="symbol_evidence")
        self.of_pairs = Looked(evidence.pairs, name="pair_evidence")
        self.sum = EvidenceSum(name="evidence")

    def embed(self, tokens: Any) -> list[Any]:
        known = ops.maximum(tokens, 0)
        return [self.trunk.embedding(known), self.of_symbols(known), self.of_pairs(self.pairs(known))]

    def judge(self, tokens: Any, looked_up: Sequence[Any]) -> tuple[Any, Any, Any]:
        """The network's logits, the evidence, and the attention."""
        vectors, *evidence = looked_up
        states = self.trunk.states(vectors, tokens)
        pooled, attention = self.pool(states, self.query(self.keys(states))[..., 0], tokens)
        return self.readout(self.dropout(pooled)), self.sum(*evidence, tokens), attention


class _Attending:
    """The transformer of `families/text/networks/transformer.py`."""

    def __init__(self, recipe: Classify, symbols: int) -> None:
        self.network, self.width = Transformer(recipe, symbols), recipe.width
        self.embedding, self.places = self.network.embedding, Positions(name="places")

    def states(self, x: Any, tokens: Any) -> Any:
        return self.network.states(x, self.places(tokens))


class _Recurrent:
    """The layers of `families/text/networks/recurrent.py`."""

    def __init__(self, recipe: Classify, symbols: int) -> None:
        settings = recipe.recurrent
        self.width = settings.units
        self.embedding = layers.Embedding(symbols, settings.embedding, name="embedding")
        names = [f"{settings.cell}_{index}" for index in range(settings.depth)]
        self.layers = [
            layers.RNN(CELLS[settings.cell](settings.units, name=name), return_sequences=True, name=f"{name}_over_time")
            for name in names
        ]
        self.dropouts = [
            layers.Dropout(recipe.dropout, seed=recipe.seed + index, name=f"dropout_{index}")
            for index in range(settings.depth)
        ]

    def states(self, x: Any, tokens: Any) -> Any:
        del tokens  # states after the end are masked in the pooling
        for dropout, layer in zip(self.dropouts, self.layers, strict=True):
            x = layer(dropout(x))
        return x


class AttentionPool(layers.Layer):
    """Attention pooling: the mean of states weighted by a softmax over the tokens (Yang et al. 2016, eqs. 6 and 7)."""

    def call(self, states: Any, scores: Any, tokens: Any) -> tuple[Any, Any]:
        """
        Args:
            states: `[batch, time, width]`.
            scores: `[batch, time]`.
            tokens: int32 `[batch, time]`, -1 for padding.

        Returns:
            `[batch, width]`, and the weights `[batch, time]`.
        """
        weights = ops.softmax(scores + ops.where(ops.not_equal(tokens, PADDING), 0.0, MASKED))
        return ops.sum(states * weights[..., None], axis=1), weights


class Looked(layers.Layer):
    """Lookup in a constant table, float32 `[numbers, classes]`: int32 `[...]` -> `[..., classes]`."""

    def __init__(self, table: np.ndarray, **options: Any) -> None:
        super().__init__(**options)
        self.table = table

    def call(self, numbers: Any) -> Any:
        return ops.take(ops.convert_to_tensor(self.table), numbers, axis=0)

    def compute_output_spec(self, numbers: Any) -> Any:
        return keras.KerasTensor((*numbers.shape, self.table.shape[1]), "float32")


class EvidenceSum(layers.Layer):
    """The summed evidence of tokens after the first and of their pairs, over the root of the number of terms."""

    def call(self, of_symbols: Any, of_pairs: Any, tokens: Any) -> Any:
        """`[batch, time, classes]` twice, and int32 `[batch, time]`, -1 for padding -> `[batch, classes]`."""
        real = ops.cast(ops.not_equal(tokens[:, 1:], PADDING), of_symbols.dtype)
        total = ops.sum((of_symbols + of_pairs)[:, 1:] * real[..., None], axis=1)
        return total / ops.sqrt(ops.maximum(2 * ops.sum(real, axis=1, keepdims=True), 1.0))


class PairPlaces(layers.Layer):
    """Hash each pair of successive tokens to a row of a table: int32 `[batch, time]` -> the same."""

    def __init__(self, places: int, **options: Any) -> None:
        super().__init__(**options)
        self.places = places

    def call(self, tokens: Any) -> Any:
        before = ops.pad(tokens[:, :-1], [[0, 0], [1, 0]])
        return ops.mod(before * FACTOR + tokens, self.places)

    def compute_output_spec(self, tokens: Any) -> Any:
        return keras.KerasTensor(tokens.shape, "int32")
