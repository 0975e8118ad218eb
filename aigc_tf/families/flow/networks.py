"""The networks of flows, which predict the picture or velocity from a noisy picture, its time and conditions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
from keras import layers

from aigc_tf.data.captioned.captions import Captions
from aigc_tf.data.classes import ClassNames
from aigc_tf.nn.embeddings import SinusoidalEmbedding
from aigc_tf.nn.patches import patch_transformer
from aigc_tf.nn.towers import caption_encoder, looking_at
from aigc_tf.nn.unet import adding_unet
from aigc_tf.recipes.flows import FlowRecipe
from aigc_tf.recipes.text_flow import TextFlow

TIME_SCALE = 1000.0
"""Factor on times, which are in [0, 1], while sinusoidal embeddings are made for diffusion steps."""
SMOOTH_SCALE, SMOOTH_LONGEST = 10.0, 100.0
"""For embeddings that are differentiated with respect to time: frequencies from 10 to 0.1."""


def predictor(recipe: FlowRecipe) -> keras.Model:
    """Noisy images `[batch, height, width, channels]` and times `[batch]` -> predictions of the images' shape."""
    noisy, time, told = inputs_of(recipe)
    return keras.Model([noisy, time], body(recipe, noisy, told), name="predictor")


def class_predictor(recipe: FlowRecipe, classes: ClassNames) -> keras.Model:
    """Noisy images, times, and label int32 `[batch]` -> predictions; the label after the last class is unconditional.

    The class embedding is added to the time embedding (Dhariwal & Nichol 2021, §3.1).
    """
    noisy, time, told = inputs_of(recipe)
    label = keras.Input((), dtype="int32", name="label")
    vectors = layers.Embedding(len(classes.names) + 1, recipe.time_size, name="label_vector")
    told = layers.Add(name="time_and_label")([told, vectors(label)])
    return keras.Model([noisy, time, label], body(recipe, noisy, told), name="predictor")


def text_predictor(recipe: TextFlow, captions: Captions) -> keras.Model:
    """Noisy images, times, and words int32 `[batch, length]`, 0 after the end -> predictions; no words: unconditional.

    It consists of two networks: `encoder`, from words to states `[batch, length, word_size]`, and `body`, which attends
    to these at its lowest resolution, or in each block, and adds their mean to the time embedding.
    """
    encoder = caption_encoder(captions.length, len(captions.vocabulary), recipe.word_size, recipe.heads)
    noisy, time, told = inputs_of(recipe)
    states = keras.Input(encoder.output.shape[1:], name="states")
    mean = layers.GlobalAveragePooling1D(name="mean_state")(states)
    told = layers.Add(name="time_and_words")([told, layers.Dense(recipe.time_size, name="words_vector")(mean)])
    look = partial(looking_at, states=states, heads=recipe.heads)
    inner = keras.Model([noisy, time, states], body(recipe, noisy, told, look), name="body")
    inputs = [keras.Input(tensor.shape[1:], name=tensor.name) for tensor in (noisy, time)]
    words = keras.Input(encoder.input.shape[1:], dtype="int32", name="words")
    return keras.Model([*inputs, words], inner([*inputs, encoder(words)]), name="predictor")


def mean_predictor(recipe: FlowRecipe) -> keras.Model:
    """Noisy images, times, and the distance to a later time, `[batch]` -> predictions.

    The embedding uses low frequencies, because the network is differentiated with respect to time (Lu & Song 2025,
    §4.1).
    """
    noisy, time = keras.Input(recipe.state_shape, name="noisy"), keras.Input((), name="time")
    ahead = keras.Input((), name="ahead")
    size = recipe.time_size
    vectors = []
    for name, number in (("time", time), ("ahead", ahead)):
        steps = layers.Rescaling(SMOOTH_SCALE, name=f"{name}_steps")(number)
        waves = SinusoidalEmbedding(size, longest=SMOOTH_LONGEST, name=f"{name}_waves")(steps)
        vectors.append(layers.Dense(size, name=f"{name}_vector")(waves))
    told = layers.Add(name="time_and_ahead")(vectors)
    return keras.Model([noisy, time, ahead], body(recipe, noisy, told), name="predictor")


def inputs_of(recipe: FlowRecipe) -> tuple[Any, Any, Any]:
    """Inputs for noisy images and times, and the time embedding, `[batch, time_size]`."""
    noisy = keras.Input(recipe.state_shape, name="noisy")
    time = keras.Input((), name="time")
    size = recipe.time_size
    waves = SinusoidalEmbedding(size, name="waves")(layers.Rescaling(TIME_SCALE, name="steps")(time))
    return noisy, time, layers.Dense(size, name="time_vector")(waves)


def body(recipe: FlowRecipe, noisy: Any, told: Any, look: Callable[..., Any] | None = None) -> Any:
    """The network between its inputs and the prediction, of the shape of `noisy`.

    Args:
        recipe: of the network.
        noisy: images.
        told: the condition of every block, `[batch, numbers]`.
        look: applied at the lowest resolution of a U-Net, or in each block of a transformer.
    """
    channels = noisy.shape[-1]
    if recipe.network == "unet":
        return adding_unet(noisy, told, recipe.unet.filters, recipe.unet.blocks, channels, look)
    chosen = recipe.transformer
    sizes = {"patch": chosen.patch, "width": chosen.width, "depth": chosen.depth, "heads": chosen.heads}
    return patch_transformer(noisy, told, **sizes, channels=channels, look=look)
