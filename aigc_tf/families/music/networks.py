"""The networks for polyphonic pieces: an encoder of given notes, and a causal transformer over cells.

Cells are ordered by time, and within a step from the highest voice down. The immediate context of a cell is an input:
the sounding note of every voice and its age. Attention adds the earlier past.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from aigc_tf.data.music.piece import BEHIND, FIRST, MAX_AGE, PLACES, SYMBOLS
from aigc_tf.nn.attention import TransformerBlock, dense
from aigc_tf.nn.kv_cache import AttendAt, kv_cache
from aigc_tf.recipes.music import Music
from aigc_tf.recipes.pieces import CellRecipe

UNKNOWN = SYMBOLS
"""The mask symbol of cells that are not given to the encoder."""
UNKNOWN_AGE = MAX_AGE + 1
FARTHEST = 24
"""Maximum interval in semitones; larger ones are clipped."""
INTERVALS = 2 * FARTHEST + 2
"""Number of interval ids; the last one is for larger intervals and for rests."""
CELL = ("held", "age", "voice", "place", "left", "memory")
"""Inputs of a cell, `[batch, cells, ...]` in `sequence`, `[batch, ...]` in `step`."""


@dataclass(frozen=True)
class MusicNetworks:
    """Variants of one model that share their weights."""

    encode: keras.Model
    """`held` and `age` int32 `[batch, window, voices]`, with `UNKNOWN` and `UNKNOWN_AGE` where a cell is not given,
    `place` and `left` int32 `[batch, window]` -> `memory` `[batch, window, width]`: the encoded given notes."""
    sequence: keras.Model
    """`CELL` of all cells -> logits `[batch, cells, symbols]`, with causal attention."""
    step: keras.Model
    """`CELL` of one cell, and states -> logits `[batch, symbols]` and new states, in the order of `feedback`."""
    prefill: keras.Model
    """`CELL` of the first half of a window, and states -> new states, for windows that continue earlier ones."""
    feedback: Mapping[str, str]
    """Maps outputs of a step to inputs of the next."""

    @cached_property
    def compiled(self) -> Mapping[str, Any]:
        """The networks in inference mode by name, compiled once for each batch size."""
        forms = {"encode": self.encode, "sequence": self.sequence, "step": self.step, "prefill": self.prefill}
        return {name: tf.function(partial(form, training=False), reduce_retracing=True) for name, form in forms.items()}


def music_networks(recipe: Music) -> MusicNetworks:
    """All variants for a recipe."""
    voices, window = len(recipe.music.voices), recipe.music.window
    reader = CellReader(recipe, voices, window)
    sequence, (step, feedback) = sequence_network(recipe, voices, reader), step_network(recipe, voices, reader, window)

    half = window // 2 * voices
    inputs = _cell_inputs(voices, recipe.width, (half,))
    states, new_states, attend = kv_cache(recipe.depth, recipe.heads, recipe.width, window * voices)
    reader.states(inputs, attend)
    prefill = _with_states(inputs, states, [], new_states | {"position": states["position"] + half}, "prefill")
    return MusicNetworks(_encoder(recipe, voices), sequence, step, prefill, feedback)


def sequence_network(recipe: CellRecipe, voices: int, reader: CellReader) -> keras.Model:
    """`CELL` of all cells -> logits `[batch, cells, symbols]`."""
    inputs = _cell_inputs(voices, recipe.width, (None,))
    logits = reader(inputs, lambda _, attention, x: attention(x)[0])
    return keras.Model(inputs, logits, name="sequence")


def step_network(
    recipe: CellRecipe, voices: int, reader: CellReader, window: int
) -> tuple[keras.Model, dict[str, str]]:
    """`CELL` of one cell, and states -> logits and new states; and the map of new states to inputs of the next call."""
    inputs = _cell_inputs(voices, recipe.width, ())
    states, new_states, attend = kv_cache(recipe.depth, recipe.heads, recipe.width, window * voices)
    cell = {name: ops.expand_dims(tensor, 1) for name, tensor in inputs.items()}
    logits = ops.squeeze(reader(cell, attend), 1)
    step = _with_states(inputs, states, [logits], new_states | {"position": states["position"] + 1}, "step")
    return step, {f"new_{name}": name for name in states}


def _with_states(
    inputs: Mapping[str, Any], states: Mapping[str, Any], outputs: list[Any], new: Mapping[str, Any], name: str
) -> keras.Model:
    """A functional model with the new states in the order of the old ones."""
    return keras.Model([*inputs.values(), *states.values()], [*outputs, *(new[state] for state in states)], name=name)


def _cell_inputs(voices: int, width: int, time: tuple[int | None, ...]) -> dict[str, Any]:
    shapes = {"held": (voices,), "age": (voices,), "voice": (), "place": (), "left": ()}
    inputs = {name: keras.Input((*time, *shape), dtype="int32", name=name) for name, shape in shapes.items()}
    return inputs | {"memory": keras.Input((*time, width), name="memory")}


class Columns(layers.Layer):
    """Sum of the embeddings of several ids, each with its own table.

    Args:
        rows: of each table.
        columns: number of ids whose embeddings are added.
        groups: number of sets of tables; a call selects one.
        width: of the embeddings.
        deviation: standard deviation of their initial values.
    """

    def __init__(self, rows: int, columns: int, groups: int, width: int, deviation: float, **options: Any) -> None:
        super().__init__(**options)
        self.rows, self.columns, self.width = rows, columns, width
        initializer = keras.initializers.RandomNormal(stddev=deviation)
        self.tables = layers.Embedding(
            groups * columns * rows, width, embeddings_initializer=initializer, name="tables"
        )

    def build(self, *_: Any) -> None:
        self.tables.build(None)

    def call(self, numbers: Any, group: Any = None) -> Any:
        """int32 `[..., columns]`, below `rows`, and int32 `[...]`, below `groups` -> `[..., width]`."""
        places = numbers + self.rows * np.arange(self.columns, dtype="int32")
        if group is not None:
            places = places + self.rows * self.columns * ops.expand_dims(group, -1)
        return ops.sum(self.tables(places), axis=-2)

    def compute_output_spec(self, numbers: Any, group: Any = None) -> Any:
        return keras.KerasTensor((*numbers.shape[:-1], self.width))


class Between(layers.Layer):
    """The intervals between all pairs of voices as ids below `INTERVALS`."""

    def __init__(self, voices: int, **options: Any) -> None:
        super().__init__(**options)
        self.pairs = [(first, second) for second in range(voices) for first in range(second)]

    def call(self, held: Any) -> Any:
        """int32 `[..., voices]` -> `[..., pairs]`."""
        first = ops.stack([held[..., pair[0]] for pair in self.pairs], axis=-1)
        second = ops.stack([held[..., pair[1]] for pair in self.pairs], axis=-1)
        return interval_numbers(first, second)

    def compute_output_spec(self, held: Any) -> Any:
        return keras.KerasTensor((*held.shape[:-1], len(self.pairs)), "int32")


def interval_numbers(first: Any, second: Any) -> Any:
    """The id of the interval between two symbols, int32 of their shape; see `INTERVALS`."""
    difference = first - second
    known = ops.logical_and(ops.minimum(first, second) >= FIRST, ops.abs(difference) <= FARTHEST)
    return ops.where(known, difference + FARTHEST, INTERVALS - 1)


class IntervalLogits(layers.Layer):
    """Logits of symbols from scores of their interval to the voice's sounding note: invariant to transposition."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        symbols = np.arange(SYMBOLS)
        away = symbols[None, :] - symbols[:, None]
        known = (np.minimum(symbols[None, :], symbols[:, None]) >= FIRST) & (np.abs(away) <= FARTHEST)
        self.table = np.where(known, away + FARTHEST, INTERVALS - 1).astype("int32")

    def call(self, scores: Any, own: Any) -> Any:
        """Scores of intervals `[batch, time, INTERVALS]`, and sounding notes int32 `[batch, time]` -> logits."""
        return tf.gather(scores, tf.gather(self.table, own), batch_dims=2)

    def compute_output_spec(self, scores: Any, own: Any) -> Any:
        return keras.KerasTensor((*scores.shape[:-1], SYMBOLS), scores.dtype)


class Own(layers.Layer):
    """Select the cell's own voice: `[batch, time, voices]` and the voice `[batch, time]` -> `[batch, time]`."""

    def call(self, held: Any, voice: Any) -> Any:
        places = np.arange(held.shape[-1], dtype="int32")
        return ops.sum(ops.where(ops.equal(ops.expand_dims(voice, -1), places), held, 0), axis=-1)

    def compute_output_spec(self, held: Any, voice: Any) -> Any:
        return keras.KerasTensor(voice.shape, "int32")


class CellReader:
    """The layers of the cell transformer, shared by all variants.

    Args:
        recipe: sizes of the transformer.
        voices: number of voices.
        window: maximum context in steps.
    """

    def __init__(self, recipe: CellRecipe, voices: int, window: int) -> None:
        width, deviation = recipe.width, recipe.embedding_deviation
        self.held = Columns(SYMBOLS, voices, voices, width, deviation, name="held_embedding")
        self.age = Columns(MAX_AGE + 1, voices, voices, width, deviation, name="age_embedding")
        pairs = voices * (voices - 1) // 2
        self.between = Between(voices, name="between") if pairs else None
        self.intervals = Columns(INTERVALS, max(1, pairs), 1, width, deviation, name="interval_embedding")
        self.voice = embedding(voices, recipe, "voice_embedding")
        self.place = embedding(PLACES, recipe, "place_embedding")
        self.left = embedding(BEHIND + 1, recipe, "left_embedding")
        self.own, self.interval_logits = Own(name="own"), IntervalLogits(name="interval_logits")
        self.dropout = layers.Dropout(recipe.dropout, seed=recipe.seed, name="embedding_dropout")
        self.blocks = [block(recipe, str(index), window=voices * window) for index in range(recipe.depth)]
        self.norm = layers.RMSNormalization(name="last_norm")
        self.symbols = dense(SYMBOLS, width**-0.5, "symbol_logits")
        self.scores = dense(INTERVALS, width**-0.5, "interval_scores")

    def states(self, cell: Mapping[str, Any], attend: AttendAt) -> Any:
        """`CELL` of some cells -> the normalised output of the last block."""
        x = self.held(cell["held"], cell["voice"]) + self.age(cell["age"], cell["voice"]) + self.voice(cell["voice"])
        if self.between is not None:
            x = x + self.intervals(self.between(cell["held"]))
        x = x + self.place(cell["place"]) + self.left(cell["left"])
        x = self.dropout(x + cell["memory"])
        for index, each in enumerate(self.blocks):
            x = each(x, partial(attend, index))
        return self.norm(x)

    def __call__(self, cell: Mapping[str, Any], attend: AttendAt) -> Any:
        """Logits of the cells' symbols."""
        x = self.states(cell, attend)
        return self.symbols(x) + self.interval_logits(self.scores(x), self.own(cell["held"], cell["voice"]))


def _encoder(recipe: Music, voices: int) -> keras.Model:
    """Given cells -> an encoding of each step, with bidirectional attention."""
    width, window = recipe.width, recipe.music.window
    shapes = {"held": (window, voices), "age": (window, voices), "place": (window,), "left": (window,)}
    inputs = {name: keras.Input(shape, dtype="int32", name=name) for name, shape in shapes.items()}
    x = read_given(recipe, voices, inputs["held"], inputs["age"])
    x = x + embedding(PLACES, recipe, "given_place_embedding")(inputs["place"])
    x = x + embedding(BEHIND + 1, recipe, "given_left_embedding")(inputs["left"])
    x = both_ways(recipe, x, window)
    memory = dense(width, 0.1 * width**-0.5, "memory")(x)  # as large as the sum of the other embeddings
    return keras.Model(inputs, memory, name="encode")


def read_given(recipe: CellRecipe, voices: int, held: Any, age: Any) -> Any:
    """Embed sounding notes and their ages, int32 `[batch, window, voices]` -> `[batch, window, width]`."""
    width, deviation = recipe.width, recipe.embedding_deviation
    by_symbol = Columns(SYMBOLS + 1, voices, 1, width, deviation, name="given_embedding")
    return by_symbol(held) + Columns(MAX_AGE + 2, voices, 1, width, deviation, name="given_age_embedding")(age)


def both_ways(recipe: CellRecipe, x: Any, window: int) -> Any:
    """The encoder's blocks, with bidirectional attention: `[batch, window, width]` to the same."""
    for index in range(recipe.encoder_depth):
        x = block(recipe, f"given_{index}", window, causal=False)(x)
    return layers.RMSNormalization(name="given_norm")(x)


def embedding(rows: int, recipe: CellRecipe, name: str) -> layers.Embedding:
    """An embedding of ids below `rows`."""
    initializer = keras.initializers.RandomNormal(stddev=recipe.embedding_deviation)
    return layers.Embedding(rows, recipe.width, embeddings_initializer=initializer, name=name)


def block(recipe: CellRecipe, name: str, window: int, causal: bool = True) -> TransformerBlock:
    """One block; `window` is the longest sequence."""
    depth = recipe.depth if causal else recipe.encoder_depth
    return TransformerBlock(
        recipe.width,
        recipe.heads,
        name=name,
        causal=causal,
        rotary_context=window,
        added=(2 * depth) ** -0.5,
        dropout=recipe.dropout,
        seed=recipe.seed + 1,
    )
