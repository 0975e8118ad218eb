"""Encoder, conductor and decoder of the hierarchical autoencoder of excerpts (Roberts et al. 2018, §3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from aigc_tf.families.music.networks import (
    CellReader,
    both_ways,
    read_given,
    sequence_network,
    step_network,
)
from aigc_tf.nn.blocks import gaussian_head
from aigc_tf.recipes.music_vae import MusicVAE
from aigc_tf.recipes.pieces import BAR

_NARROW = 4  # reduction of the width before all steps are flattened


@dataclass(frozen=True)
class ExcerptNetworks:
    """Variants of one model that share their weights."""

    encoder: keras.Model
    """`notes`, int32 `[batch, steps, voices, 2]` -> mean and log variance, `[batch, latent_dim]` each."""
    conduct: keras.Model
    """`latent` `[batch, latent_dim]` -> `memory` `[batch, steps, width]`: the conductor's embedding of each step."""
    sequence: keras.Model
    """`CELL` of all cells of a bar -> logits `[batch, cells, symbols]`."""
    step: keras.Model
    """`CELL` of one cell, and states -> logits `[batch, symbols]` and new states, in the order of `feedback`."""
    feedback: Mapping[str, str]
    """Maps outputs of a step to inputs of the next."""

    @cached_property
    def compiled(self) -> Mapping[str, Any]:
        """`conduct` and `step` in inference mode, compiled once for each batch size."""
        forms = {"conduct": self.conduct, "step": self.step}
        return {name: tf.function(partial(form, training=False), reduce_retracing=True) for name, form in forms.items()}


def vae_networks(recipe: MusicVAE) -> ExcerptNetworks:
    """All variants for a recipe. The decoder is that of `music` with windows of one bar."""
    voices = len(recipe.music.voices)
    reader = CellReader(recipe, voices, BAR)
    step, feedback = step_network(recipe, voices, reader, BAR)
    return ExcerptNetworks(
        encoder(recipe, voices), conductor(recipe), sequence_network(recipe, voices, reader), step, feedback
    )


class StepEmbedding(layers.Layer):
    """Adds learnt position embeddings to `[batch, steps, width]`.

    Args:
        deviation: standard deviation of their initial values.
    """

    def __init__(self, deviation: float, **options: Any) -> None:
        super().__init__(**options)
        self.deviation = deviation

    def build(self, shape: tuple[int | None, ...]) -> None:
        initializer = keras.initializers.RandomNormal(stddev=self.deviation)
        self.embeddings = self.add_weight(shape=shape[1:], initializer=initializer, name="embeddings")

    def call(self, x: Any) -> Any:
        return x + self.embeddings


def encoder(recipe: MusicVAE, voices: int) -> keras.Model:
    """Bidirectional attention over the steps, then one dense layer over all of them flattened."""
    steps = recipe.music.steps
    notes = keras.Input((steps, voices, 2), dtype="int32", name="notes")
    x = read_given(recipe, voices, notes[..., 0], notes[..., 1])
    x = StepEmbedding(recipe.embedding_deviation, name="given_place_embedding")(x)
    x = both_ways(recipe, x, steps)
    x = layers.Dense(max(1, recipe.width // _NARROW), name="narrow")(x)
    return keras.Model(notes, gaussian_head(layers.Flatten(name="flatten")(x), recipe.latent_dim), name="encoder")


def conductor(recipe: MusicVAE) -> keras.Model:
    """An LSTM over the bars, with its initial state from the latent; outputs are projected to the steps of each bar."""
    bars, units = recipe.music.bars, recipe.units
    latent = keras.Input((recipe.latent_dim,), name="latent")
    state = [layers.Dense(units, "tanh", name=f"first_{name}")(latent) for name in ("hidden", "cell")]
    # The number of bars is small: unrolled, the exported file needs no loop.
    lstm = layers.LSTM(units, return_sequences=True, unroll=True, name="conductor")
    vectors = lstm(layers.RepeatVector(bars, name="repeat")(latent), initial_state=state)
    # Larger than the decoder's embeddings: otherwise the decoder learns to ignore it before the latent is informative.
    large = keras.initializers.RandomNormal(stddev=units**-0.5)
    spread = layers.Dense(BAR * recipe.width, kernel_initializer=large, name="spread")(vectors)
    memory = layers.Reshape((recipe.music.steps, recipe.width), name="memory")(spread)
    return keras.Model(latent, memory, name="conduct")
