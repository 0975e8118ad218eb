"""Encoder and decoder of transformer blocks (Vaswani et al. 2017), with a copy head (See et al. 2017)."""

from __future__ import annotations

from functools import partial
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
from aigc_tf.nn.attention import MultiHeadAttention, TransformerBlock
from aigc_tf.nn.embeddings import Positions, learned_positions
from aigc_tf.nn.kv_cache import kv_cache
from aigc_tf.recipes.seq2seq import Seq2SeqRecipe


def networks(recipe: Seq2SeqRecipe, vocabularies: Vocabularies) -> Seq2SeqNetworks:
    """Source -> blocks -> memory; target -> blocks with cross-attention -> norm -> logits, attention and gate."""
    network = _Network(recipe, vocabularies)
    source = source_input()
    target = keras.Input((None,), dtype="int32", name="target")
    memory = network.memory(source)
    seen = visible(source)

    def over_memory(attention: MultiHeadAttention, x: Any) -> tuple[Any, Any]:
        return attention(x, memory, seen)

    positions = Positions(name="target_places")(target)
    blocks = [lambda attention, x: attention(x)[0]] * recipe.depth
    sequence = keras.Model(
        [source, target], outputs(*network.said(target, positions, blocks, over_memory)), name="sequence"
    )
    given = source_input(recipe.pairs.source_length + 1)
    encode = keras.Model(given, network.memory(given), name="encode")
    remembered = keras.Input((recipe.pairs.source_length + 1, recipe.width), name="memory")
    prepared = {
        f"{kind}_{attention.name}": tensor
        for attention in network.looking
        for kind, tensor in zip(("keys", "values"), attention.prepare(remembered), strict=True)
    }
    start = keras.Model(remembered, list(prepared.values()), name="start")
    step, feedback = _step(recipe, network, prepared)
    return Seq2SeqNetworks(sequence, encode, start, step, feedback)


def _step(recipe: Seq2SeqRecipe, network: _Network, prepared: dict[str, Any]) -> tuple[keras.Model, dict[str, str]]:
    """One symbol further: the keys and values of the symbols before are states, those of the source constants."""
    token = keras.Input((), dtype="int32", name="token")
    source = source_input(recipe.pairs.source_length + 1)
    constants, context = like(prepared), recipe.pairs.target_length + 1
    states, new_states, attend = kv_cache(recipe.depth, recipe.heads, recipe.width, context)
    position, seen = states["position"], visible(source)
    new_states["position"] = position + 1

    def over_prepared(attention: MultiHeadAttention, x: Any) -> tuple[Any, Any]:
        keys, values = (constants[f"{kind}_{attention.name}"] for kind in ("keys", "values"))
        return attention.over(x, keys, values, seen)

    blocks = [partial(attend, index) for index in range(recipe.depth)]
    said = network.said(token[:, None], position[:, None], blocks, over_prepared)
    newest = [None if tensor is None else tensor[:, 0] for tensor in said]
    return step_network(token, source, constants | states, outputs(*newest), new_states)


class _Network:
    """The layers, which all forms share."""

    def __init__(self, recipe: Seq2SeqRecipe, vocabularies: Vocabularies) -> None:
        settings, width = recipe.pairs, recipe.width
        self.source_embedding, self.embedding = embeddings(recipe, vocabularies)
        self.positions: list[layers.Layer] | None = None
        if recipe.positions == "learned":
            lengths = {"source": settings.source_length + 1, "target": settings.target_length + 1}
            self.positions = [
                learned_positions(length, width, recipe.embedding_deviation, f"{side}_position_embedding")
                for side, length in lengths.items()
            ]
        self.dropouts = [
            layers.Dropout(recipe.dropout, seed=recipe.seed + index, name=f"{side}_dropout")
            for index, side in enumerate(("source", "target"))
        ]
        self.encoder = [_block(recipe, f"encoder_{index}", None) for index in range(recipe.depth)]
        self.decoder = [_block(recipe, f"decoder_{index}", width) for index in range(recipe.depth)]
        self.memory_norm = layers.RMSNormalization(name="memory_norm")
        self.norm = layers.RMSNormalization(name="last_norm")
        self.copy = None
        if recipe.copies:
            self.copy = MultiHeadAttention(width, 1, name="copy", memory_width=width)
            self.gate = layers.Dense(1, name="gate")

    @property
    def looking(self) -> list[MultiHeadAttention]:
        """All cross-attentions."""
        found = [block.cross_attention for block in self.decoder if block.cross_attention is not None]
        return found if self.copy is None else [*found, self.copy]

    def memory(self, source: Any) -> Any:
        """What is remembered of sources, `[batch, source, width]`."""
        seen = visible(source)
        x = self.source_embedding(ops.maximum(source, 0))
        if self.positions is not None:
            x = x + self.positions[0](Positions(name="source_places")(source))
        x = self.dropouts[0](x)
        for block in self.encoder:
            x = block(x, lambda attention, x: attention(x, visible=seen)[0])
        return self.memory_norm(x)

    def said(self, tokens: Any, positions: Any, blocks: list[Any], over: Any) -> tuple[Any, Any, Any]:
        """Logits, attention and gate, None without a copy head, after each of the tokens.

        Args:
            tokens: of the target, `[batch, time]`.
            positions: theirs.
            blocks: how each block attends to the target.
            over: how a cross-attention attends to the source: what is added, and the weights.
        """
        x = self.embedding(tokens)
        if self.positions is not None:
            x = x + self.positions[1](positions)
        x = self.dropouts[1](x)
        weights: list[Any] = []

        def look(attention: MultiHeadAttention, x: Any) -> Any:
            added, seen = over(attention, x)
            weights.append(seen)
            return added

        for block, attend in zip(self.decoder, blocks, strict=True):
            x = block(x, attend, look)
        x = self.norm(x)
        if self.copy is None:
            return self.embedding(x, reverse=True), ops.mean(weights[-1], axis=1), None
        context, pointer = over(self.copy, x)
        gate = self.gate(ops.concatenate([x, context], axis=-1))
        return self.embedding(x, reverse=True), pointer[:, 0], gate


def _block(recipe: Seq2SeqRecipe, name: str, memory_width: int | None) -> TransformerBlock:
    is_decoder = memory_width is not None
    context = (recipe.pairs.target_length if is_decoder else recipe.pairs.source_length) + 1
    return TransformerBlock(
        recipe.width,
        recipe.heads,
        name=name,
        activation=recipe.activation,
        causal=is_decoder,
        rotary_context=context if recipe.positions == "rotary" else None,
        added=((3 if is_decoder else 2) * recipe.depth) ** -0.5,
        dropout=recipe.dropout,
        seed=recipe.seed + 2 + 2 * int(name[-1]) + is_decoder,
        memory_width=memory_width,
    )
