"""Encoder and decoder of the text VAE of 003 §6.2 (docs/DOCUMENTS.md says what was changed and why)."""

from __future__ import annotations

from functools import reduce
from typing import Any

import keras
from keras import layers, ops

from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import Vocabulary
from aigc_tf.families.text.networks.language import LanguageNetworks, feedback_of, step_network
from aigc_tf.nn.blocks import gaussian_head
from aigc_tf.recipes.text_vae import TextVAE


def encoder(recipe: TextVAE, vocabulary: Vocabulary) -> keras.Model:
    """Tokens int32 `[batch, time]`, -1 after their end -> mean and log variance, `[batch, latent_dim]` each."""
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    real = ops.not_equal(tokens, PADDING)
    x = layers.Embedding(len(vocabulary), recipe.embedding, name="embedding")(ops.maximum(tokens, 0))
    x = layers.Dropout(recipe.dropout, seed=recipe.seed, name="dropout")(x)
    x = layers.LSTM(recipe.units, name="lstm")(x, mask=real)
    return keras.Model(tokens, gaussian_head(x, recipe.latent_dim), name="encoder")


def decoder(recipe: TextVAE, vocabulary: Vocabulary) -> LanguageNetworks:
    """Tokens, each concatenated with the latent, and states -> logits and new states.

    The states start as zeros; the latent reaches the LSTM with the first token. Without teacher forcing, only the
    number of tokens matters.
    """
    symbols = len(vocabulary)
    embedding = layers.Embedding(symbols, recipe.embedding, name="embedding")
    cell = layers.LSTMCell(recipe.units, name="lstm")
    dropouts = [
        layers.Dropout(recipe.dropout, seed=recipe.seed + 1 + index, name=f"dropout_{index}") for index in range(2)
    ]
    readout = layers.Dense(symbols, name="logits")
    between = [layers.Dense(units, "relu", name=f"latent_{index}") for index, units in enumerate(recipe.decoder_units)]

    def inputs() -> tuple[keras.KerasTensor, dict[str, keras.KerasTensor]]:
        latent = keras.Input((recipe.latent_dim,), name="latent")
        return latent, {name: keras.Input((recipe.units,), name=name) for name in ("hidden", "cell")}

    def told(latent: keras.KerasTensor) -> keras.KerasTensor:
        return reduce(lambda x, layer: layer(x), between, latent)

    def read(words: keras.KerasTensor, beside: keras.KerasTensor) -> keras.KerasTensor:
        return layers.Concatenate()([words, beside]) if recipe.teacher_forcing else beside

    tokens = keras.Input((None,), dtype="int32", name="tokens")
    latent, states = inputs()
    x = read(dropouts[0](embedding(tokens)), RepeatLike(name="repeat")(told(latent), tokens))
    # Named, since the names of optimizer slots in checkpoints derive from it.
    layer = layers.RNN(cell, return_sequences=True, return_state=True, name="lstm_over_time")
    x, *new = layer(x, initial_state=list(states.values()))
    new_states = dict(zip(states, new, strict=True))
    sequence = step_network(tokens, states, readout(dropouts[1](x)), new_states, "sequence", latent)

    token = keras.Input((), dtype="int32", name="token")
    latent, states = inputs()
    x, new = cell(read(embedding(token), told(latent)), list(states.values()))
    new_states = dict(zip(states, new, strict=True))
    step = step_network(token, states, readout(x), new_states, "step", latent)
    return LanguageNetworks(sequence, step, feedback_of(states))


class RepeatLike(layers.Layer):
    """Repeat vectors `[batch, size]` for each token of `[batch, time]`: `[batch, time, size]`."""

    def call(self, vectors: Any, tokens: Any) -> Any:
        shape = (ops.shape(tokens)[0], ops.shape(tokens)[1], vectors.shape[-1])
        return ops.broadcast_to(vectors[:, None], shape)

    def compute_output_spec(self, vectors: Any, tokens: Any) -> Any:
        return keras.KerasTensor((*tokens.shape, vectors.shape[-1]), vectors.dtype)
