"""A transformer decoder with cross-attention to a source (Vaswani et al. 2017), in all its variants.

The source may be a text, or anything else that an encoder turns into a sequence of vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
from keras import layers, ops

from aigc_tf.families.text.seq2seq.networks import Seq2SeqNetworks, like, outputs, step_network
from aigc_tf.nn.attention import MultiHeadAttention, TransformerBlock
from aigc_tf.nn.embeddings import Positions, learned_positions
from aigc_tf.nn.kv_cache import kv_cache
from aigc_tf.recipes.seq2seq import DecoderRecipe


class Decoder:
    """The layers, shared by all variants.

    Args:
        recipe: sizes of the network.
        embedding: of the target's symbols, tied with the output layer.
        copies: whether there is a copy head (See et al. 2017, eq. 8).
    """

    def __init__(self, recipe: DecoderRecipe, embedding: layers.Layer, copies: bool) -> None:
        self.recipe, self.embedding, width = recipe, embedding, recipe.width
        self.positions: layers.Layer | None = None
        if recipe.positions == "learned":
            context = recipe.target_length + 1
            self.positions = learned_positions(context, width, recipe.embedding_deviation, "target_position_embedding")
        self.dropout = layers.Dropout(recipe.dropout, seed=recipe.seed + 1, name="target_dropout")
        self.blocks = [
            transformer_block(recipe, index, recipe.target_length + 1, True) for index in range(recipe.depth)
        ]
        self.norm = layers.RMSNormalization(name="last_norm")
        self.copy = None
        if copies:
            self.copy = MultiHeadAttention(width, 1, name="copy", memory_width=width)
            self.gate = layers.Dense(1, name="gate")

    @property
    def looking(self) -> list[MultiHeadAttention]:
        """All cross-attentions."""
        found = [block.cross_attention for block in self.blocks if block.cross_attention is not None]
        return found if self.copy is None else [*found, self.copy]

    def forms(
        self,
        read: Callable[[Any], Any],
        source: Any,
        one_source: Any,
        visible: Callable[[Any], Any] | None = None,
    ) -> Seq2SeqNetworks:
        """The networks.

        Args:
            read: a source -> the encoder's memory, `[batch, places, width]`.
            source: the input for training on whole pairs.
            one_source: the input for generation, of fixed length.
            visible: a source -> the mask of non-padding positions, bool `[batch, places]`; None without padding, in
                which case the step needs no source.
        """
        target = keras.Input((None,), dtype="int32", name="target")
        memory = read(source)
        seen = None if visible is None else visible(source)
        positions = Positions(name="target_places")(target)
        blocks = [lambda attention, x: attention(x)[0]] * self.recipe.depth
        said = self.said(target, positions, blocks, lambda attention, x: attention(x, memory, seen))
        sequence = keras.Model([source, target], outputs(*said), name="sequence")
        encode = keras.Model(one_source, read(one_source), name="encode")
        remembered = keras.Input(encode.output.shape[1:], name="memory")
        prepared = {
            f"{kind}_{attention.name}": tensor
            for attention in self.looking
            for kind, tensor in zip(("keys", "values"), attention.prepare(remembered), strict=True)
        }
        start = keras.Model(remembered, list(prepared.values()), name="start")
        step, feedback = self._step(prepared, one_source, visible)
        return Seq2SeqNetworks(sequence, encode, start, step, feedback)

    def _step(
        self, prepared: dict[str, Any], one_source: Any, visible: Callable[[Any], Any] | None
    ) -> tuple[keras.Model, dict[str, str]]:
        """A single-symbol step: keys and values of earlier symbols are states, those of the source are constants."""
        recipe = self.recipe
        token = keras.Input((), dtype="int32", name="token")
        source = None if visible is None else like({"source": one_source})["source"]
        seen = None if visible is None else visible(source)
        constants, context = like(prepared), recipe.target_length + 1
        states, new_states, attend = kv_cache(recipe.depth, recipe.heads, recipe.width, context)
        position = states["position"]
        new_states["position"] = position + 1

        def over_prepared(attention: MultiHeadAttention, x: Any) -> tuple[Any, Any]:
            keys, values = (constants[f"{kind}_{attention.name}"] for kind in ("keys", "values"))
            return attention.over(x, keys, values, seen)

        blocks = [partial(attend, index) for index in range(recipe.depth)]
        said = self.said(token[:, None], position[:, None], blocks, over_prepared)
        newest = [None if tensor is None else tensor[:, 0] for tensor in said]
        return step_network(token, source, constants | states, outputs(*newest), new_states)

    def said(self, tokens: Any, positions: Any, blocks: list[Any], over: Any) -> tuple[Any, Any, Any]:
        """Logits, attention and gate (None without a copy head) after each token.

        Args:
            tokens: of the target, `[batch, time]`.
            positions: of the tokens.
            blocks: how each block attends to the target.
            over: how a cross-attention attends to the source: returns the residual and the weights.
        """
        x = self.embedding(tokens)
        if self.positions is not None:
            x = x + self.positions(positions)
        x = self.dropout(x)
        weights: list[Any] = []

        def look(attention: MultiHeadAttention, x: Any) -> Any:
            added, seen = over(attention, x)
            weights.append(seen)
            return added

        for block, attend in zip(self.blocks, blocks, strict=True):
            x = block(x, attend, look)
        x = self.norm(x)
        if self.copy is None:
            return self.embedding(x, reverse=True), ops.mean(weights[-1], axis=1), None
        context, pointer = over(self.copy, x)
        gate = self.gate(ops.concatenate([x, context], axis=-1))
        return self.embedding(x, reverse=True), pointer[:, 0], gate


def transformer_block(recipe: DecoderRecipe, index: int, context: int, is_decoder: bool) -> TransformerBlock:
    """A block of the encoder or the decoder.

    Args:
        recipe: sizes of the network.
        index: of the block.
        context: the longest sequence, for rotary positions.
        is_decoder: whether it is causal and has cross-attention.
    """
    return TransformerBlock(
        recipe.width,
        recipe.heads,
        name=f"{'decoder' if is_decoder else 'encoder'}_{index}",
        activation=recipe.activation,
        causal=is_decoder,
        rotary_context=context if recipe.positions == "rotary" else None,
        added=((3 if is_decoder else 2) * recipe.depth) ** -0.5,
        dropout=recipe.dropout,
        seed=recipe.seed + 2 + 2 * index + is_decoder,
        memory_width=recipe.width if is_decoder else None,
    )
