"""The networks of article 002 §5.2, conditioned on the class of the image."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
from keras import layers, ops

from aigc_tf.data.classes import ClassNames
from aigc_tf.families.gan.networks import dcgan
from aigc_tf.nn.layers import spectrally_normalised
from aigc_tf.recipes.cgan import CGAN

Make = Callable[[Any], keras.Model]
"""A recipe -> an unconditional network."""


def generator(recipe: CGAN, classes: ClassNames) -> keras.Model:
    """See `told_generator`."""
    return told_generator(recipe, classes, dcgan.generator)


def discriminator(recipe: CGAN, classes: ClassNames) -> keras.Model:
    """See `told_discriminator`."""
    return told_discriminator(recipe, classes, dcgan.discriminator)


def told_generator(recipe: Any, classes: ClassNames, make: Make) -> keras.Model:
    """Latent `[batch, latent_dim]` and label int32 `[batch]` -> images `[batch, height, width, channels]` in [-1, 1].

    The class embedding is appended to the latent, as in Mirza & Osindero 2014.

    Args:
        recipe: with a `latent_dim` and a `label_dim`.
        classes: of the images.
        make: makes the generator that takes both as one latent.
    """
    latent = keras.Input((recipe.latent_dim,), name="latent")
    label = keras.Input((), dtype="int32", name="label")
    vector = layers.Embedding(len(classes.names), recipe.label_dim, name="label_vector")(label)
    both = layers.Concatenate(name="latent_and_label")([latent, vector])
    unconditional = make(dataclasses.replace(recipe, latent_dim=recipe.latent_dim + recipe.label_dim))
    return keras.Model([latent, label], unconditional(both), name="conditional_generator")


def told_discriminator(recipe: Any, classes: ClassNames, make: Make) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] and label int32 `[batch]` -> logits `[batch, 1]`.

    See `with_projection`.

    Args:
        recipe: with `spectral_normalisation`.
        classes: of the images.
        make: makes the unconditional discriminator, see `with_projection`.
    """
    unconditional = make(recipe)
    features = unconditional.get_layer("flatten").output
    label = keras.Input((), dtype="int32", name="label")
    vectors = layers.Embedding(len(classes.names), features.shape[-1], name="label_vector")
    # Keras's SpectralNormalization wrapper casts its output to the type of its input.
    number = ops.cast(label, "float32") if recipe.spectral_normalisation else label
    vector = spectrally_normalised(vectors, recipe.spectral_normalisation)(number)
    return with_projection(unconditional, label, vector)


def with_projection(unconditional: keras.Model, condition: Any, vector: Any) -> keras.Model:
    """A projection discriminator: the condition's embedding is multiplied with the last features.

    Miyato & Koyama 2018, eq. 3.

    Args:
        unconditional: images -> outputs `[batch, 1]`; its last features are the output of its layer `flatten`.
        condition: the input of the condition.
        vector: its embedding, `[batch, features]`.

    Returns:
        Images and condition -> outputs `[batch, 1]`.
    """
    features = unconditional.get_layer("flatten").output
    fit = layers.Dot(axes=1, name="projection")([features, vector])
    logits = layers.Add(name="conditional_logits")([unconditional.output, fit])
    return keras.Model([unconditional.input, condition], logits, name="conditional_discriminator")
