"""LSTM encoder and decoder with attention (Sutskever et al. 2014; Luong et al. 2015, §3.1)."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from aigc_tf.data.pairs.vocabularies import Vocabularies
from aigc_tf.families.text.seq2seq.networks import (
    Seq2SeqNetworks,
    embeddings,
    like,
    outputs,
    source_input,
    step_network,
    visible,
)
from aigc_tf.nn.attention import MultiHeadAttention
from aigc_tf.recipes.seq2seq import Seq2SeqRecipe

_STATES = ("hidden", "cell")


def networks(recipe: Seq2SeqRecipe, vocabularies: Vocabularies) -> Seq2SeqNetworks:
    """Source -> bidirectional LSTM -> memory; target -> LSTM -> attention over the memory -> logits and gate.

    The attention also serves the copy head. The decoder's initial state is a dense layer of the mean memory.
    """
    network = _Network(recipe, vocabularies)
    source = source_input()
    target = keras.Input((None,), dtype="int32", name="target")
    memory = network.memory(source)
    seen = visible(source)
    # Named, since the names of optimizer slots in checkpoints derive from it.
    over_time = layers.RNN(network.cell, return_sequences=True, name="decoder_over_time")
    x = over_time(network.embedded(target), initial_state=network.first(source, memory))
    sequence = keras.Model(
        [source, target], outputs(*network.said(x, *network.attention(x, memory, seen))), name="sequence"
    )
    given = source_input(recipe.pairs.source_length + 1)
    encode = keras.Model(given, network.memory(given), name="encode")
    remembered = keras.Input((recipe.pairs.source_length + 1, recipe.width), name="memory")
    keys_values = dict(zip(("keys", "values"), network.attention.prepare(remembered), strict=True))
    first = dict(zip(_STATES, network.first(given, remembered), strict=True))
    start = keras.Model([remembered, given], list((keys_values | first).values()), name="start")

    token = keras.Input((), dtype="int32", name="token")
    own, constants, states = source_input(recipe.pairs.source_length + 1), like(keys_values), like(first)
    x, new = network.cell(network.embedded(token), list(states.values()))
    found = network.attention.over(x[:, None], constants["keys"], constants["values"], visible(own))
    said = network.said(x[:, None], *found)
    newest = [None if tensor is None else tensor[:, 0] for tensor in said]
    new_states = dict(zip(_STATES, new, strict=True))
    step, feedback = step_network(token, own, constants | states, outputs(*newest), new_states)
    return Seq2SeqNetworks(sequence, encode, start, step, feedback)


class _Network:
    """The layers, shared by all variants."""

    def __init__(self, recipe: Seq2SeqRecipe, vocabularies: Vocabularies) -> None:
        width = recipe.width
        self.source_embedding, self.embedding = embeddings(recipe, vocabularies)
        self.encoder = layers.Bidirectional(
            layers.LSTM(width // 2, return_sequences=True, name="encoder_lstm"), name="encoder"
        )
        self.cell = layers.LSTMCell(width, name="decoder_lstm")
        self.starts = [layers.Dense(width, "tanh", name=f"first_{state}") for state in _STATES]
        self.attention = MultiHeadAttention(width, 1, name="copy", memory_width=width)
        self.mix = layers.Dense(width, "tanh", use_bias=False, name="mix")
        self.gate = layers.Dense(1, name="gate") if recipe.copies else None
        self.dropouts = [
            layers.Dropout(recipe.dropout, seed=recipe.seed + index, name=f"{place}_dropout")
            for index, place in enumerate(("source", "target", "mixed"))
        ]

    def memory(self, source: Any) -> Any:
        """The encoder's memory of sources, `[batch, source, width]`."""
        x = self.dropouts[0](self.source_embedding(ops.maximum(source, 0)))
        return self.encoder(x, mask=visible(source))

    def first(self, source: Any, memory: Any) -> list[Any]:
        """The decoder's initial states, `[batch, width]` each."""
        counted = ops.cast(visible(source), memory.dtype)[..., None]
        mean = ops.sum(memory * counted, axis=1) / ops.sum(counted, axis=1)
        return [start(mean) for start in self.starts]

    def embedded(self, tokens: Any) -> Any:
        """Embeddings of target symbols, `[..., width]`."""
        return self.dropouts[1](self.embedding(tokens))

    def said(self, x: Any, context: Any, weights: Any) -> tuple[Any, Any, Any]:
        """Logits, attention and gate (None without a copy head).

        Args:
            x: the decoder's states, `[batch, time, width]`.
            context: the attention output, of the same shape.
            weights: the attention weights, `[batch, 1, time, source]`.
        """
        both = ops.concatenate([x, context], axis=-1)
        logits = self.embedding(self.dropouts[2](self.mix(both)), reverse=True)
        return logits, weights[:, 0], None if self.gate is None else self.gate(both)
