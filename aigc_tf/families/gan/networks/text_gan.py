"""An attentional generator, and a discriminator conditioned on the caption."""

from __future__ import annotations

from functools import partial

import keras
from keras import layers

from aigc_tf.data.captioned.captions import Captions
from aigc_tf.families.gan.networks import dcgan64
from aigc_tf.families.gan.networks.conditional_dcgan import with_projection
from aigc_tf.nn.layers import spectrally_normalised
from aigc_tf.nn.towers import MeanOfWords, caption_encoder, looking_at
from aigc_tf.recipes.text_gan import TextGAN

WORD_DEVIATION = 0.5
"""Standard deviation of the discriminator's initial word embeddings. With 0.05 the tiny recipe does not draw the
colours named in captions after 600 steps, with 0.5 it does after 500."""


def generator(recipe: TextGAN, captions: Captions) -> keras.Model:
    """Latent `[batch, latent_dim]` and words int32 `[batch, length]`, 0 after the end -> images in [-1, 1].

    It consists of two networks: `encoder`, from words to states `[batch, length, word_size]`, and `body`, which takes
    the mean state together with the latent, and attends to all states at a quarter of the size (Xu et al. 2018, §3.1).
    """
    encoder = caption_encoder(captions.length, len(captions.vocabulary), recipe.word_size, recipe.heads)
    latent = keras.Input((recipe.latent_dim,), name="latent")
    states = keras.Input(encoder.output.shape[1:], name="states")
    sentence = layers.GlobalAveragePooling1D(name="mean_state")(states)
    sentence = layers.Dense(recipe.word_size, name="sentence")(sentence)
    both = layers.Concatenate(name="latent_and_sentence")([latent, sentence])
    look = partial(looking_at, states=states, heads=recipe.heads)
    body = keras.Model([latent, states], dcgan64.drawn(both, recipe.images.shape, recipe, look), name="body")
    given = [keras.Input(latent.shape[1:], name="latent"), keras.Input((captions.length,), dtype="int32", name="words")]
    return keras.Model(given, body([given[0], encoder(given[1])]), name="generator")


def discriminator(recipe: TextGAN, captions: Captions) -> keras.Model:
    """Images `[batch, height, width, channels]` in [-1, 1] and words -> outputs `[batch, 1]`; see `with_projection`."""
    unconditional = dcgan64.discriminator(recipe)
    words = keras.Input((captions.length,), dtype="int32", name="words")
    first = keras.initializers.RandomNormal(stddev=WORD_DEVIATION)
    vectors = layers.Embedding(len(captions.vocabulary), recipe.word_size, first, name="word_vector")(words)
    mean = MeanOfWords(name="mean_word")(vectors, words)
    features = unconditional.get_layer("flatten").output.shape[-1]
    caption = spectrally_normalised(layers.Dense(features, name="caption"), recipe.spectral_normalisation)(mean)
    return with_projection(unconditional, words, caption)
