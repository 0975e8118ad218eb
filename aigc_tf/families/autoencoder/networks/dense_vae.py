"""Encoder and decoder of article 001 §4.1 (docs/DOCUMENTS.md says what was changed and why)."""

from __future__ import annotations

import keras
from keras import layers

from aigc_tf.nn.blocks import gaussian_head
from aigc_tf.nn.likelihoods import make_likelihood
from aigc_tf.recipes.dp_vae import DPVAE
from aigc_tf.recipes.vae import VAE


def encoder(recipe: VAE | DPVAE) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] -> mean and log variance, `[batch, latent_dim]` each."""
    image = keras.Input(recipe.images.shape, name="image")
    x = layers.Flatten(name="flatten")(image)
    x = _hidden(x, recipe.hidden_units)
    return keras.Model(image, gaussian_head(x, recipe.latent_dim), name="encoder")


def decoder(recipe: VAE | DPVAE) -> keras.Model:
    """Latents `[batch, latent_dim]` -> the likelihood's parameters `[batch, height, width, parameters]`."""
    height, width, channels = recipe.images.shape
    parameters = make_likelihood(recipe.likelihood).parameters(channels)
    latent = keras.Input((recipe.latent_dim,), name="latent")
    x = _hidden(latent, recipe.hidden_units[::-1])
    x = layers.Dense(height * width * parameters, name="pixels")(x)
    return keras.Model(latent, layers.Reshape((height, width, parameters), name="reshape")(x), name="decoder")


def _hidden(x: keras.KerasTensor, units_of_layers: tuple[int, ...]) -> keras.KerasTensor:
    """Dense layers with separate activation layers, since private training needs the outputs in between."""
    for index, units in enumerate(units_of_layers):
        x = layers.Dense(units, name=f"hidden_{index}")(x)
        x = layers.ReLU(name=f"activation_{index}")(x)
    return x
