"""The networks of article 002 §5.2, told the class of the image."""

from __future__ import annotations

import dataclasses

import keras
from keras import layers, ops

from aigc_tf.data.classes import ClassNames
from aigc_tf.families.gan.networks import dcgan
from aigc_tf.nn.layers import spectrally_normalised
from aigc_tf.recipes.cgan import CGAN


def generator(recipe: CGAN, classes: ClassNames) -> keras.Model:
    """Latent `[batch, latent_dim]` and label int32 `[batch]` -> images `[batch, height, width, channels]` in [-1, 1].

    The class's vector comes after the latent, as in Mirza & Osindero 2014.
    """
    latent = keras.Input((recipe.latent_dim,), name="latent")
    label = keras.Input((), dtype="int32", name="label")
    vector = layers.Embedding(len(classes.names), recipe.label_dim, name="label_vector")(label)
    both = layers.Concatenate(name="latent_and_label")([latent, vector])
    unconditional = dcgan.generator(dataclasses.replace(recipe, latent_dim=recipe.latent_dim + recipe.label_dim))
    return keras.Model([latent, label], unconditional(both), name="conditional_generator")


def discriminator(recipe: CGAN, classes: ClassNames) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] and label int32 `[batch]` -> logits `[batch, 1]`.

    The class's vector is projected onto the last features (Miyato & Koyama 2018, eq. 3).
    """
    unconditional = dcgan.discriminator(recipe)
    image, features = unconditional.input, unconditional.get_layer("flatten").output
    label = keras.Input((), dtype="int32", name="label")
    vectors = layers.Embedding(len(classes.names), features.shape[-1], name="label_vector")
    # Keras's normalising wrapper casts what comes out to the type of what goes in.
    number = ops.cast(label, "float32") if recipe.spectral_normalisation else label
    vector = spectrally_normalised(vectors, recipe.spectral_normalisation)(number)
    fit = layers.Dot(axes=1, name="projection")([features, vector])
    logits = layers.Add(name="conditional_logits")([unconditional.output, fit])
    return keras.Model([image, label], logits, name="conditional_discriminator")
