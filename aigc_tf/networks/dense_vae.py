"""Encoder and decoder of article 001 §4.1 (docs/DOCUMENTS.md says what was changed and why)."""

from __future__ import annotations

import keras
from keras import layers

from aigc_tf.likelihoods import make_likelihood
from aigc_tf.recipes.vae import VAE


def encoder(recipe: VAE) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] -> mean and log variance, `[batch, latent_dim]` each."""
    image = keras.Input(recipe.images.shape, name="image")
    x = layers.Flatten(name="flatten")(image)
    for index, units in enumerate(recipe.hidden_units):
        x = layers.Dense(units, activation="relu", name=f"hidden_{index}")(x)
    mean = layers.Dense(recipe.latent_dim, name="mean")(x)
    log_variance = layers.Dense(recipe.latent_dim, name="log_variance")(x)
    return keras.Model(image, [mean, log_variance], name="encoder")


def decoder(recipe: VAE) -> keras.Model:
    """Latents `[batch, latent_dim]` -> the likelihood's parameters `[batch, height, width, parameters]`."""
    height, width, channels = recipe.images.shape
    parameters = make_likelihood(recipe.likelihood).parameters(channels)
    latent = keras.Input((recipe.latent_dim,), name="latent")
    x = latent
    for index, units in enumerate(reversed(recipe.hidden_units)):
        x = layers.Dense(units, activation="relu", name=f"hidden_{index}")(x)
    x = layers.Dense(height * width * parameters, name="pixels")(x)
    return keras.Model(latent, layers.Reshape((height, width, parameters), name="reshape")(x), name="decoder")
