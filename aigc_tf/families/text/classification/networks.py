"""The network of a classifier: a language model's states, attention over them, and evidence of symbols and pairs.

The layers have the names that they have in the language models (`families/text/networks`), so that weights fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

from aigc_tf.data.classes import ClassNames
from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import Vocabulary
from aigc_tf.families.text.networks.recurrent import CELLS
from aigc_tf.families.text.networks.transformer import Transformer
from aigc_tf.nn.attention import MASKED
from aigc_tf.nn.embeddings import Positions
from aigc_tf.recipes.classify import Classify

_FACTOR = 10_007  # of the first symbol of a pair, in the number that is hashed


@dataclass(frozen=True)
class ClassifierNetworks:
    """The forms of a classifier; they share their layers."""

    sequence: keras.Model
    """Tokens int32 `[batch, time]`, -1 after their end -> logits `[batch, classes]` and the attention to each token,
    `[batch, time]`, which sums to 1."""
    embed: keras.Model
    """Tokens -> what is looked up for each: its vector and, with evidence, the weights of it and of its pair."""
    judge: keras.Model
    """Tokens, which say where the padding is, and what `embed` gives -> logits."""
    classify: keras.Model
    """Tokens `[batch, context]` -> probabilities `[batch, classes]` and the attention, for phones."""

    @cached_property
    def compiled(self) -> Any:
        """`sequence` in inference mode, compiled once for each number of rows."""
        return tf.function(partial(self.sequence, training=False), reduce_retracing=True)


def classifier(recipe: Classify, vocabulary: Vocabulary, classes: ClassNames) -> ClassifierNetworks:
    """The networks of a recipe."""
    parts = _Parts(recipe, len(vocabulary), len(classes.names))
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    looked_up = parts.embed(tokens)
    sequence = keras.Model(tokens, parts.judge(tokens, looked_up), name="sequence")
    embed = keras.Model(tokens, looked_up, name="embed")
    given = [keras.Input((None, part.shape[-1]), name=f"embedded_{number}") for number, part in enumerate(looked_up)]
    judge = keras.Model([tokens, *given], parts.judge(tokens, given)[0], name="judge")
    row = keras.Input((recipe.text.context,), dtype="int32", name="tokens")
    logits, attention = parts.judge(row, parts.embed(row))
    classify = keras.Model(row, [ops.softmax(logits), attention], name="classify")
    return ClassifierNetworks(sequence, embed, judge, classify)


class _Parts:
    """The layers, which all forms share."""

    def __init__(self, recipe: Classify, symbols: int, classes: int) -> None:
        self.trunk = (_Attending if recipe.encoder == "transformer" else _Recurrent)(recipe, symbols)
        self.keys = layers.Dense(self.trunk.width, "tanh", name="keys")
        self.query = layers.Dense(1, use_bias=False, name="query")
        self.pool = AttentionPool(name="pool")
        self.dropout = layers.Dropout(recipe.dropout, seed=recipe.seed + 100, name="pooled_dropout")
        self.readout = layers.Dense(classes, name="class_logits")
        self.evidence = []
        if recipe.evidence:
            self.pairs = PairNumbers(recipe.evidence, name="pairs")
            self.evidence = [
                layers.Embedding(count, classes, embeddings_initializer="zeros", name=f"{name}_evidence")
                for name, count in (("symbol", symbols), ("pair", recipe.evidence))
            ]
            self.sum = EvidenceSum(name="evidence_sum")

    def embed(self, tokens: Any) -> list[Any]:
        known = ops.maximum(tokens, 0)
        found = [self.trunk.embedding(known)]
        if self.evidence:
            found += [table(numbers) for table, numbers in zip(self.evidence, (known, self.pairs(known)), strict=True)]
        return found

    def judge(self, tokens: Any, looked_up: Sequence[Any]) -> tuple[Any, Any]:
        """Logits and attention."""
        vectors, *evidence = looked_up
        states = self.trunk.states(vectors, tokens)
        pooled, attention = self.pool(states, self.query(self.keys(states))[..., 0], tokens)
        logits = self.readout(self.dropout(pooled))
        for weights in evidence:
            logits = logits + self.sum(weights, tokens)
        return logits, attention


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
        del tokens  # what is read after the end is not looked at
        for dropout, layer in zip(self.dropouts, self.layers, strict=True):
            x = layer(dropout(x))
        return x


class AttentionPool(layers.Layer):
    """The mean of states, weighted by a softmax over the tokens (Yang et al. 2016, eqs. 6 and 7)."""

    def call(self, states: Any, scores: Any, tokens: Any) -> tuple[Any, Any]:
        """
        Args:
            states: `[batch, time, width]`.
            scores: `[batch, time]`.
            tokens: int32 `[batch, time]`, -1 where nothing is.

        Returns:
            `[batch, width]`, and the weights `[batch, time]`.
        """
        weights = ops.softmax(scores + ops.where(ops.not_equal(tokens, PADDING), 0.0, MASKED))
        return ops.sum(states * weights[..., None], axis=1), weights


class EvidenceSum(layers.Layer):
    """The sum of `[batch, time, classes]` over the tokens over the root of their number: longer texts weigh no more."""

    def call(self, weights: Any, tokens: Any) -> Any:
        real = ops.cast(ops.not_equal(tokens, PADDING), weights.dtype)
        return ops.sum(weights * real[..., None], axis=1) / ops.sqrt(ops.sum(real, axis=1, keepdims=True))


class PairNumbers(layers.Layer):
    """The place of each token and the one before it in a table: int32 `[batch, time]` -> the same, below `places`."""

    def __init__(self, places: int, **options: Any) -> None:
        super().__init__(**options)
        self.places = places

    def call(self, tokens: Any) -> Any:
        before = ops.pad(tokens[:, :-1], [[0, 0], [1, 0]])
        return ops.mod(before * _FACTOR + tokens, self.places)

    def compute_output_spec(self, tokens: Any) -> Any:
        return keras.KerasTensor(tokens.shape, "int32")
