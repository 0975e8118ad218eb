"""A decoder-only transformer (GPT): 003 §4.1's self-attention, stacked as in Radford et al. 2019."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from aigc_tf.data.text.vocabulary import Vocabulary
from aigc_tf.families.text.networks.language import LanguageNetworks, feedback_of, step_network
from aigc_tf.nn.attention import MultiHeadAttention, TransformerBlock
from aigc_tf.nn.embeddings import Positions, learned_positions
from aigc_tf.nn.kv_cache import AttendAt, kv_cache
from aigc_tf.recipes.gpt import GPT

PREFILLED = 32  # prompt tokens per call of prefill


def language_model(recipe: GPT, vocabulary: Vocabulary) -> LanguageNetworks:
    """Token and position embeddings -> blocks -> norm -> logits, with tied embeddings (Press & Wolf 2017).

    All sequences of a batch are at the same position.
    """
    network = Transformer(recipe, len(vocabulary))
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    positions = Positions(name="places")(tokens)
    logits = network(tokens, positions, lambda _, attention, x: attention(x)[0], lambda x: x)
    sequence = keras.Model(tokens, logits, name="sequence")
    weights: list[Any] = []

    def watched(_: int, attention: MultiHeadAttention, x: Any) -> Any:
        seen, weight = attention(x)
        weights.append(weight)
        return seen

    network(tokens, positions, watched, lambda x: x)
    attention = keras.Model(tokens, weights, name="attention")

    token = keras.Input((), dtype="int32", name="token")
    states, new_states, attend = kv_cache(recipe.depth, recipe.heads, recipe.width, recipe.text.context)
    position = states["position"]
    logits = network(token[:, None], position[:, None], attend, lambda x: x[:, 0])
    step = step_network(token, states, logits, new_states | {"position": position + 1}, "step")
    prefill, context = _prefill(recipe, network), recipe.text.context
    return LanguageNetworks(sequence, step, feedback_of(states), prefill, attention, context)


class Transformer:
    """The layers, shared by all variants.

    Args:
        recipe: a GPT recipe, or another one with its fields.
        symbols: size of the vocabulary.
    """

    def __init__(self, recipe: Any, symbols: int) -> None:
        initializer = keras.initializers.RandomNormal(stddev=recipe.embedding_deviation)
        self.embedding = layers.ReversibleEmbedding(
            symbols, recipe.width, embeddings_initializer=initializer, name="token_embedding"
        )
        self.learned = None
        if recipe.positions == "learned":
            self.learned = learned_positions(recipe.text.context, recipe.width, recipe.embedding_deviation)
        self.dropout = layers.Dropout(recipe.dropout, seed=recipe.seed, name="embedding_dropout")
        self.blocks = [_block(recipe, index) for index in range(recipe.depth)]
        self.norm = layers.RMSNormalization(name="last_norm")

    def __call__(self, tokens: Any, positions: Any, attend: AttendAt, last: Callable[[Any], Any]) -> Any:
        """Logits; `last` selects the required positions."""
        x = self.states(self.embedding(tokens), positions, attend)
        return self.embedding(last(x), reverse=True)

    def states(self, x: Any, positions: Any, attend: AttendAt | None = None) -> Any:
        """Embedded tokens `[batch, time, width]` -> the normalised output of the last block, of the same shape."""
        if self.learned is not None:
            x = x + self.learned(positions)
        x = self.dropout(x)
        for index, block in enumerate(self.blocks):
            x = block(x, None if attend is None else partial(attend, index))
        return self.norm(x)


def _prefill(recipe: GPT, network: Transformer) -> keras.Model:
    context = recipe.text.context
    piece = min(PREFILLED, context)
    prompt = keras.Input((piece,), dtype="int32", name="tokens")
    count = keras.Input((), dtype="int32", name="count")
    states, new_states, attend = kv_cache(recipe.depth, recipe.heads, recipe.width, recipe.text.context)
    position = states["position"]
    positions = ops.minimum(position[:, None] + np.arange(piece, dtype="int32"), context - 1)
    logits = network(prompt, positions, attend, lambda x: PickLast(name="pick_last")(x, count))
    new_states |= {"position": position + count}
    return step_network(prompt, states, logits, new_states, "prefill", count)


def _block(recipe: Any, index: int) -> TransformerBlock:
    return TransformerBlock(
        recipe.width,
        recipe.heads,
        name=str(index),
        activation=recipe.activation,
        causal=True,
        rotary_context=recipe.text.context if recipe.positions == "rotary" else None,
        # Residual branches start small, the more so in deeper networks (Radford et al. 2019, §2.3).
        added=(2 * recipe.depth) ** -0.5,
        dropout=recipe.dropout,
        seed=recipe.seed + 1 + index,
    )


class PickLast(layers.Layer):
    """Select position `count` - 1 of `[batch, time, width]`; `count`, int32 `[batch]`, is the same in every row."""

    def call(self, x: Any, count: Any) -> Any:
        return ops.take(x, count[0] - 1, axis=1)

    def compute_output_spec(self, x: Any, count: Any) -> Any:
        return keras.KerasTensor((x.shape[0], x.shape[2]), x.dtype)
