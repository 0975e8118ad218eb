"""The two towers: encoders of pictures and captions to unit-length embeddings."""

from __future__ import annotations

import keras
from keras import layers

from aigc_tf.data.captioned.captions import Captions
from aigc_tf.nn.towers import MeanOfWords, picture_features
from aigc_tf.recipes.match import Match

WORD_DEVIATION = 0.3  # of the initial word embeddings: only the direction of their mean counts


def picture_tower(recipe: Match) -> keras.Model:
    """Pictures `[batch, height, width, channels]` in [0, 1] -> embeddings `[batch, vector_size]` of length 1."""
    image = keras.Input(recipe.images.shape, name="image")
    x = layers.Rescaling(2.0, -1.0, name="scaled")(image)
    x = layers.GlobalAveragePooling2D(name="mean")(picture_features(x, recipe.filters))
    x = layers.Dense(recipe.vector_size, name="vector")(x)
    return keras.Model(image, layers.UnitNormalization(name="direction")(x), name="pictures")


def caption_tower(recipe: Match, captions: Captions) -> keras.Model:
    """Captions int32 `[batch, length]`, 0 after the end -> embeddings `[batch, vector_size]` of length 1.

    The mean of word embeddings: with so few captions, word order can hardly be learnt, and unseen combinations of words
    are no different from seen ones.
    """
    words = keras.Input((captions.length,), dtype="int32", name="words")
    first = keras.initializers.RandomNormal(stddev=WORD_DEVIATION)
    embedding = layers.Embedding(
        len(captions.vocabulary), recipe.vector_size, embeddings_initializer=first, name="word_vector"
    )
    x = MeanOfWords(name="mean_of_words")(embedding(words), words)
    return keras.Model(words, layers.UnitNormalization(name="direction")(x), name="words")
