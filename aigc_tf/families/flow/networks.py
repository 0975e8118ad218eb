"""What a flow asks on its way: from a noisy picture, its time, and a class or words if there are any, to a picture."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from aigc_tf.data.captioned.captions import Captions
from aigc_tf.data.classes import ClassNames
from aigc_tf.nn.attention import MultiHeadAttention, TransformerBlock
from aigc_tf.nn.embeddings import SinusoidalEmbedding
from aigc_tf.nn.towers import LearnedPlaces, OnlyWords
from aigc_tf.nn.unet import adding_unet
from aigc_tf.recipes.flows import FlowRecipe
from aigc_tf.recipes.text_flow import TextFlow

TIME_SCALE = 1000.0
"""Times are in [0, 1], and sines are made for the steps of a diffusion."""
SMOOTH_SCALE, SMOOTH_LONGEST = 10.0, 100.0
"""Of waves that are differentiated: frequencies from 10 to 0.1."""


def predictor(recipe: FlowRecipe) -> keras.Model:
    """Noisy images `[batch, height, width, channels]` and times `[batch]` -> predictions of the images' shape."""
    noisy, time, told = inputs_of(recipe)
    return keras.Model([noisy, time], body(recipe, noisy, told), name="predictor")


def class_predictor(recipe: FlowRecipe, classes: ClassNames) -> keras.Model:
    """Noisy images, times, and label int32 `[batch]` -> predictions; the label after the last class stands for any.

    The class's vector is added to that of the time (Dhariwal & Nichol 2021, §3.1).
    """
    noisy, time, told = inputs_of(recipe)
    label = keras.Input((), dtype="int32", name="label")
    vectors = layers.Embedding(len(classes.names) + 1, recipe.unet.time_size, name="label_vector")
    told = layers.Add(name="time_and_label")([told, vectors(label)])
    return keras.Model([noisy, time, label], body(recipe, noisy, told), name="predictor")


def text_predictor(recipe: TextFlow, captions: Captions) -> keras.Model:
    """Noisy images, times, and words int32 `[batch, length]`, 0 after the end -> predictions; no words stand for any.

    It is made of two networks: `encoder`, from words to states `[batch, length, word_size]`, and `body`, which attends
    to these at the smallest size of its pictures (Rombach et al. 2022, §3.3), and adds their mean to the time.
    """
    words = keras.Input((captions.length,), dtype="int32", name="words")
    x = layers.Embedding(len(captions.vocabulary), recipe.word_size, name="word_vector")(words)
    x = LearnedPlaces(name="word_places")(x)
    x = TransformerBlock(recipe.word_size, recipe.heads, name="words", activation="silu")(x)
    x = OnlyWords(name="states")(layers.RMSNormalization(name="words_norm")(x), words)
    encoder = keras.Model(words, x, name="encoder")

    noisy, time, told = inputs_of(recipe)
    states = keras.Input((captions.length, recipe.word_size), name="states")
    mean = layers.GlobalAveragePooling1D(name="mean_state")(states)
    told = layers.Add(name="time_and_words")([told, layers.Dense(recipe.unet.time_size, name="words_vector")(mean)])
    unet, channels = recipe.unet, recipe.images.channels
    predicted = adding_unet(
        noisy, told, unet.filters, unet.blocks, channels, lambda x: looking_at(x, states, recipe.heads)
    )
    body = keras.Model([noisy, time, states], predicted, name="body")
    inputs = [keras.Input(noisy.shape[1:], name="noisy"), keras.Input((), name="time"), words]
    return keras.Model(inputs, body([*inputs[:2], encoder(words)]), name="predictor")


def looking_at(x: Any, states: Any, heads: int) -> Any:
    """Each place of images attends to states `[batch, states, size]`; what it sees is added."""
    height, width, channels = x.shape[1:]
    places = layers.Reshape((height * width, channels), name="places")(x)
    normalised = layers.RMSNormalization(name="places_norm")(places)
    attention = MultiHeadAttention(channels, heads, name="to_words", memory_width=states.shape[-1])
    seen, _ = attention(normalised, states)
    seen = layers.Reshape((height, width, channels), name="seen")(seen)
    return layers.Add(name="with_words")([x, seen])


def mean_predictor(recipe: FlowRecipe) -> keras.Model:
    """Noisy images, times, and how far a later time is ahead, `[batch]` -> predictions.

    Waves are long, because the network is differentiated by the time (Lu & Song 2025, §4.1).
    """
    noisy, time = keras.Input(recipe.images.shape, name="noisy"), keras.Input((), name="time")
    ahead = keras.Input((), name="ahead")
    size = recipe.unet.time_size
    vectors = []
    for name, number in (("time", time), ("ahead", ahead)):
        steps = layers.Rescaling(SMOOTH_SCALE, name=f"{name}_steps")(number)
        waves = SinusoidalEmbedding(size, longest=SMOOTH_LONGEST, name=f"{name}_waves")(steps)
        vectors.append(layers.Dense(size, name=f"{name}_vector")(waves))
    told = layers.Add(name="time_and_ahead")(vectors)
    return keras.Model([noisy, time, ahead], body(recipe, noisy, told), name="predictor")


def inputs_of(recipe: FlowRecipe) -> tuple[Any, Any, Any]:
    """Inputs for noisy images and times, and a vector of the time, `[batch, time_size]`."""
    noisy = keras.Input(recipe.images.shape, name="noisy")
    time = keras.Input((), name="time")
    size = recipe.unet.time_size
    waves = SinusoidalEmbedding(size, name="waves")(layers.Rescaling(TIME_SCALE, name="steps")(time))
    return noisy, time, layers.Dense(size, name="time_vector")(waves)


def body(recipe: FlowRecipe, noisy: Any, told: Any) -> Any:
    """The network between its inputs and the prediction."""
    unet = recipe.unet
    return adding_unet(noisy, told, unet.filters, unet.blocks, recipe.images.channels)
