"""Opens sources of polyphonic music as tokens: by name, from MIDI files, or from Python data."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from aigc_tf.data.music.events import performance_of_words, transpositions, words_of
from aigc_tf.data.music.folder import midi_folder, read_files
from aigc_tf.data.music.made_up import made_up_pieces
from aigc_tf.data.music.opening import AUTO
from aigc_tf.data.music.performance import Performance, performance_of, read_performance
from aigc_tf.data.order import Rows
from aigc_tf.data.source import GIVEN, Batch, PartName
from aigc_tf.data.text import opening
from aigc_tf.data.text.designs import Designs, named
from aigc_tf.data.text.source import TextSource
from aigc_tf.errors import InputError
from aigc_tf.recipes.midi_events import MidiEvents, PerformanceSettings
from aigc_tf.recipes.pieces import VOICES

_OWN = "the user's own"
_NEEDED = 2


@dataclasses.dataclass(frozen=True, eq=False, kw_only=True)
class EventSource(TextSource):
    """Performances as tokens, transposed randomly."""

    surveyed_by: ClassVar[str] = "aigc_tf.data.music.event_overview:overview"

    performances: PerformanceSettings

    @cached_property
    def _transpositions(self) -> np.ndarray:
        most = self.performances.transpose
        return transpositions(self.vocabulary.symbols, range(-most, most + 1))

    def read(self, rows: Rows, seed: int) -> Batch:
        """Windows as in `TextSource.read`, each transposed to a key that depends on (seed, position).

        Windows whose transposed pitches would have no token are not transposed.
        """
        batch, table = super().read(rows, seed), self._transpositions

        def moved(tokens: np.ndarray, position: np.int64) -> np.ndarray:
            streams = [np.random.default_rng((seed, int(position) + row)) for row in range(len(tokens))]
            chosen = np.array([stream.integers(len(table)) for stream in streams])
            found = table[chosen[:, None], tokens]
            return np.where((found >= 0).all(axis=1)[:, None], found, tokens)

        tokens = tf.numpy_function(moved, [batch["tokens"], rows.position], tf.int32, stateful=False)
        return batch | {"tokens": tf.ensure_shape(tokens, batch["tokens"].shape)}

    def inputs(self, part: PartName, count: int) -> list[Performance]:
        """At most `count` pieces of a part, evenly spread."""
        return [performance_of_words(text)[0] for text in self.texts(part, count)]

    def titles(self, part: PartName, count: int) -> None:
        """They have no names."""


def open_source(recipe: MidiEvents, data: Any = None) -> EventSource:
    """Open the performances of a recipe; about a tenth of them is held out by a hash of their content.

    Args:
        recipe: its `source` is `auto` (`made_up_chorales`) or a folder of MIDI files.
        data: replaces the source: a sequence of `Performance`.

    Raises:
        InputError: the source or the data is missing or invalid.
    """
    name, licence, found, notes = _found(recipe, data)
    texts = [*dict.fromkeys(map(words_of, found))]
    if len(texts) < _NEEDED:
        raise InputError(f"{name} has {len(texts)} different pieces, and at least {_NEEDED} are needed: give more")
    copies = len(found) - len(texts)
    notes += [f"left out: {copies:,} pieces that are equal to another one"] if copies else []
    source = named(opening.open_source(recipe, texts), Designs(name, licence, texts))
    fields = {field.name: getattr(source, field.name) for field in dataclasses.fields(source)}
    return EventSource(**{**fields, "notes": (*source.notes, *notes), "performances": recipe.performances})


def _found(recipe: MidiEvents, data: Any) -> tuple[str, str, Sequence[Performance], list[str]]:
    """The name of the data, its licence, the performances, and notes on what was left out."""
    if data is not None:
        if not isinstance(data, Sequence) or not all(isinstance(each, Performance) for each in data):
            raise InputError("data is not a sequence of performances (aigc_tf.data.music.performance)")
        return GIVEN, _OWN, data, []
    if recipe.source in ("auto", AUTO):
        pieces = [performance_of(piece) for piece in made_up_pieces(VOICES)]
        return AUTO, "synthetic data of this project, Apache-2.0", pieces, []
    path = midi_folder(recipe.source)
    allowed = recipe.performances.max_unreadable
    found, notes = read_files(path, read_performance, allowed, "performances.max_unreadable")
    return str(path), _OWN, found, notes
