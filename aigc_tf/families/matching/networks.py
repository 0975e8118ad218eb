"""The two towers: pictures and captions become vectors of length 1, whose products say how well they match."""

from __future__ import annotations

import keras
from keras import layers

from aigc_tf.data.captioned.captions import Captions
from aigc_tf.nn.towers import MeanOfWords, picture_features
from aigc_tf.recipes.match import Match

WORD_DEVIATION = 0.3  # of the first vectors of words: their mean is what counts, and is made as long as the others


def picture_tower(recipe: Match) -> keras.Model:
    """Pictures `[batch, height, width, channels]`, brightness in [0, 1] -> `[batch, vector_size]` of length 1."""
    image = keras.Input(recipe.images.shape, name="image")
    x = layers.Rescaling(2.0, -1.0, name="scaled")(image)
    x = layers.GlobalAveragePooling2D(name="mean")(picture_features(x, recipe.filters))
    x = layers.Dense(recipe.vector_size, name="vector")(x)
    return keras.Model(image, layers.UnitNormalization(name="direction")(x), name="pictures")


def caption_tower(recipe: Match, captions: Captions) -> keras.Model:
    """Captions int32 `[batch, length]`, 0 after the end -> `[batch, vector_size]` of length 1.

    The mean of a vector for each word: in so few captions word order can hardly be learnt, and a combination of words
    that nothing was trained on is no other than one that was.
    """
    words = keras.Input((captions.length,), dtype="int32", name="words")
    first = keras.initializers.RandomNormal(stddev=WORD_DEVIATION)
    embedding = layers.Embedding(
        len(captions.vocabulary), recipe.vector_size, embeddings_initializer=first, name="word_vector"
    )
    x = MeanOfWords(name="mean_of_words")(embedding(words), words)
    return keras.Model(words, layers.UnitNormalization(name="direction")(x), name="words")
