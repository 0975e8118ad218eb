"""Transformer encoder and decoder (Vaswani et al. 2017) with a copy head (See et al. 2017)."""

from __future__ import annotations

from typing import Any

from keras import layers, ops

from aigc_tf.data.pairs.vocabularies import Vocabularies
from aigc_tf.families.text.seq2seq.decoder import Decoder, transformer_block
from aigc_tf.families.text.seq2seq.networks import Seq2SeqNetworks, embeddings, source_input, visible
from aigc_tf.nn.embeddings import Positions, learned_positions
from aigc_tf.recipes.seq2seq import Seq2SeqRecipe


def networks(recipe: Seq2SeqRecipe, vocabularies: Vocabularies) -> Seq2SeqNetworks:
    """Source -> blocks -> memory; target -> blocks with cross-attention -> norm -> logits, attention and gate."""
    source_embedding, embedding = embeddings(recipe, vocabularies)
    encoder = _Encoder(recipe, source_embedding)
    decoder = Decoder(recipe, embedding, recipe.copies)
    return decoder.forms(encoder, source_input(), source_input(recipe.pairs.source_length + 1), visible)


class _Encoder:
    """Sources -> memory, `[batch, source, width]`."""

    def __init__(self, recipe: Seq2SeqRecipe, embedding: layers.Layer) -> None:
        self.embedding, context = embedding, recipe.pairs.source_length + 1
        self.positions: layers.Layer | None = None
        if recipe.positions == "learned":
            deviation = recipe.embedding_deviation
            self.positions = learned_positions(context, recipe.width, deviation, "source_position_embedding")
        self.dropout = layers.Dropout(recipe.dropout, seed=recipe.seed, name="source_dropout")
        self.blocks = [transformer_block(recipe, index, context, False) for index in range(recipe.depth)]
        self.norm = layers.RMSNormalization(name="memory_norm")

    def __call__(self, source: Any) -> Any:
        seen = visible(source)
        x = self.embedding(ops.maximum(source, 0))
        if self.positions is not None:
            x = x + self.positions(Positions(name="source_places")(source))
        x = self.dropout(x)
        for block in self.blocks:
            x = block(x, lambda attention, x: attention(x, visible=seen)[0])
        return self.norm(x)
