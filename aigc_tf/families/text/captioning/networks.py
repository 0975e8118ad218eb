"""The networks of image captioning: a convolutional encoder, and a text decoder that attends to its positions."""

from __future__ import annotations

import keras
from keras import layers

from aigc_tf.data.captioned.captions import Captions
from aigc_tf.families.text.seq2seq.decoder import Decoder
from aigc_tf.families.text.seq2seq.networks import Seq2SeqNetworks
from aigc_tf.nn.towers import LearnedPlaces, picture_features
from aigc_tf.recipes.caption import Caption


def captioning(recipe: Caption, captions: Captions) -> Seq2SeqNetworks:
    """The networks of a captioning model for pictures, brightness `[batch, height, width, channels]` in [0, 1]."""
    first = keras.initializers.RandomNormal(stddev=recipe.embedding_deviation)
    embedding = layers.ReversibleEmbedding(
        len(captions.vocabulary), recipe.width, embeddings_initializer=first, name="embedding"
    )
    encoder = _encoder(recipe)
    sources = [keras.Input(recipe.images.shape, name="source") for _ in range(2)]
    return Decoder(recipe, embedding, copies=False).forms(encoder, *sources)


def places_of(recipe: Caption) -> tuple[int, int]:
    """Rows and columns of the feature map that the decoder attends to."""
    scale = 2 ** len(recipe.filters)
    return -(-recipe.images.height // scale), -(-recipe.images.width // scale)


def _encoder(recipe: Caption) -> keras.Model:
    """Pictures -> `[batch, places, width]`."""
    image = keras.Input(recipe.images.shape, name="image")
    x = picture_features(layers.Rescaling(2.0, -1.0, name="scaled")(image), recipe.filters)
    rows, columns = places_of(recipe)
    x = layers.Reshape((rows * columns, x.shape[-1]), name="places")(x)
    x = LearnedPlaces(name="place_vectors")(layers.Dense(recipe.width, name="memory_projection")(x))
    x = layers.Dropout(recipe.dropout, seed=recipe.seed, name="source_dropout")(x)
    return keras.Model(image, layers.RMSNormalization(name="memory_norm")(x), name="encoder")
