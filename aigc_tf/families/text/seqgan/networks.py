"""The discriminator of lines of text."""

from __future__ import annotations

from dataclasses import dataclass

import keras
from keras import layers, ops

from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import Vocabulary
from aigc_tf.recipes.seqgan import SeqGAN

_WIDTHS = (2, 3, 4, 5)  # of the convolutions, in symbols


@dataclass(frozen=True)
class Discriminator:
    """The network variants of a discriminator, which share their layers."""

    network: keras.Model
    """Tokens int32 `[batch, line]`, -1 after their end -> logits `[batch]` of being real."""
    judge: keras.Model
    """Embeddings `[batch, line, width]`, zeros after the end -> the same."""
    embedding: layers.Embedding
    """The embedding of symbols."""


def discriminator(recipe: SeqGAN, vocabulary: Vocabulary) -> Discriminator:
    """A text CNN: convolutions over embedded symbols, max-pooling over time, a dense layer (Kim 2014, §2).

    It is that of Yu et al. 2017, appendix, without its highway layer.
    """
    line, width = line_length(recipe), recipe.recurrent.embedding
    embedding = layers.Embedding(len(vocabulary), width, name="embedding")
    convolutions = [
        layers.Conv1D(recipe.filters, size, activation="relu", name=f"convolution_{size}") for size in _WIDTHS
    ]
    dropout = layers.Dropout(recipe.dropout, seed=recipe.seed + 50, name="dropout")
    readout = layers.Dense(1, name="logits")

    def judged(x: keras.KerasTensor) -> keras.KerasTensor:
        features = [ops.max(convolution(x), axis=1) for convolution in convolutions]
        return readout(dropout(layers.Concatenate(name="joined")(features)))[:, 0]

    tokens = keras.Input((line,), dtype="int32", name="tokens")
    real = ops.cast(ops.not_equal(tokens, PADDING), "float32")[..., None]
    network = keras.Model(tokens, judged(embedding(ops.maximum(tokens, 0)) * real), name="discriminator")
    vectors = keras.Input((line, width), name="vectors")
    return Discriminator(network, keras.Model(vectors, judged(vectors), name="judge"), embedding)


def line_length(recipe: SeqGAN) -> int:
    """Tokens of the longest line, including BOS and EOS."""
    return recipe.text.length + 2
