"""Encoder and decoder of the variational recurrent autoencoder of 000 §3.9.1, in standardised units.

After Fabius & van Amersfoort 2014, but with LSTM cells, and a decoder that reads the latent at every step instead of
its own last output, which is a function of its state anyway. The LSTMs are unrolled: with a fixed number of steps they
convert to built-in LiteRT operators, and train faster.
"""

from __future__ import annotations

import keras
from keras import layers

from aigc_tf.data.series.source import Scaling
from aigc_tf.nn.blocks import gaussian_head
from aigc_tf.recipes.vrae import VRAE


def encoder(recipe: VRAE, scaling: Scaling) -> keras.Model:
    """Sequences `[batch, length, series]` -> mean and log variance, `[batch, latent_dim]` each."""
    sequence = keras.Input((recipe.series.length, len(scaling.names)), name="sequence")
    x = layers.LSTM(recipe.units, unroll=True, name="encoder_lstm")(sequence)
    return keras.Model(sequence, gaussian_head(x, recipe.latent_dim), name="encoder")


def decoder(recipe: VRAE, scaling: Scaling) -> keras.Model:
    """Latents `[batch, latent_dim]` -> the means of sequences, `[batch, length, series]`."""
    latent = keras.Input((recipe.latent_dim,), name="latent")
    hidden = layers.Dense(recipe.units, "tanh", name="first_hidden")(latent)
    cell = layers.Dense(recipe.units, name="first_cell")(latent)
    x = layers.RepeatVector(recipe.series.length)(latent)
    lstm = layers.LSTM(recipe.units, return_sequences=True, unroll=True, name="decoder_lstm")
    x = lstm(x, initial_state=[hidden, cell])
    return keras.Model(latent, layers.Dense(len(scaling.names), name="values")(x), name="decoder")
