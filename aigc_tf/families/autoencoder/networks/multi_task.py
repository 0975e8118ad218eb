"""The classification head of a multi-task autoencoder."""

from __future__ import annotations

import keras
from keras import layers

from aigc_tf.data.classes import ClassNames
from aigc_tf.recipes.multi_task import MultiTask


def classifier(recipe: MultiTask, classes: ClassNames) -> keras.Model:
    """Latents `[batch, latent_dim]` -> logits `[batch, classes]`, by dense layers."""
    latent = keras.Input((recipe.latent_dim,), name="latent")
    x = latent
    for index, units in enumerate(recipe.class_units):
        x = layers.Dense(units, activation="relu", name=f"dense_{index}")(x)
    return keras.Model(latent, layers.Dense(len(classes.names), name="class_logits")(x), name="classifier")
