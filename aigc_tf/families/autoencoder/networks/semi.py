"""Encoder, decoder and classifier of Kingma et al. 2014, §4, with a convolutional classifier."""

from __future__ import annotations

import math
from typing import Any

import keras
from keras import layers

from aigc_tf.data.classes import ClassNames
from aigc_tf.nn.blocks import gaussian_head
from aigc_tf.nn.likelihoods import make_likelihood
from aigc_tf.nn.towers import picture_features
from aigc_tf.recipes.semi_vae import SemiVAE


def encoder(recipe: SemiVAE, classes: ClassNames) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] and label int32 `[batch]` -> mean and log variance."""
    image, label = keras.Input(recipe.images.shape, name="image"), keras.Input((), dtype="int32", name="label")
    x = _dense(layers.Flatten(name="flatten")(image), label, recipe, classes)
    return keras.Model([image, label], gaussian_head(x, recipe.latent_dim), name="encoder")


def decoder(recipe: SemiVAE, classes: ClassNames) -> keras.Model:
    """Latents `[batch, latent_dim]` and label int32 `[batch]` -> the likelihood's parameters of each pixel."""
    latent, label = keras.Input((recipe.latent_dim,), name="latent"), keras.Input((), dtype="int32", name="label")
    height, width, channels = recipe.images.shape
    shape = (height, width, make_likelihood(recipe.likelihood).parameters(channels))
    x = layers.Dense(math.prod(shape), name="pixels")(_dense(latent, label, recipe, classes))
    return keras.Model([latent, label], layers.Reshape(shape, name="picture")(x), name="decoder")


def classifier(recipe: SemiVAE, classes: ClassNames) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] -> logits `[batch, classes]`."""
    image = keras.Input(recipe.images.shape, name="image")
    x = layers.GlobalAveragePooling2D(name="mean")(picture_features(image, recipe.filters))
    return keras.Model(image, layers.Dense(len(classes.names), name="class_logits")(x), name="classifier")


def _dense(x: Any, label: Any, recipe: SemiVAE, classes: ClassNames) -> Any:
    """Dense layers over features `[batch, any]`; a class embedding is added to the first one's output."""
    first, *others = recipe.units
    told = layers.Embedding(len(classes.names), first, name="label_vector")(label)
    x = layers.Add(name="told")([layers.Dense(first, name="dense_0")(x), told])
    x = layers.Activation("relu", name="activation_0")(x)
    for index, units in enumerate(others, 1):
        x = layers.Dense(units, activation="relu", name=f"dense_{index}")(x)
    return x
