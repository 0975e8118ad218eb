"""Sources of music."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import tensorflow as tf

from aigc_tf.data.music.piece import BEHIND, FIRST, HOLD, MAX_LEFT, SYMBOLS, Piece, ages, place_symbols
from aigc_tf.data.order import Rows
from aigc_tf.data.source import NO_VALIDATION, Batch, PartName, Source, evenly
from aigc_tf.recipes.music import MusicSettings
from aigc_tf.recipes.pieces import PiecesSettings

ENTRIES = ("held", "age", "place", "left", "given")
"""Entries of a batch; see `MusicSource.read`."""
_HELD_OUT_ROWS = 8
_SOPRANO_SHARE = 0.6  # of the windows with one given voice
_KINDS = (0.5, 0.25, 0.25)  # shares of the windows with given notes: one voice, several voices, a beginning


@dataclass(frozen=True, eq=False)
class MusicSplit:
    """Pieces for one purpose."""

    pieces: Sequence[Piece]
    keys: np.ndarray
    """uint64 `[pieces]`, hashes, equal for pieces that stay together."""

    def __len__(self) -> int:
        return len(self.pieces)

    def only(self, rows: np.ndarray) -> MusicSplit:
        """Some of the pieces, bool `[pieces]`."""
        chosen = np.flatnonzero(rows)
        return MusicSplit([self.pieces[row] for row in chosen.tolist()], self.keys[chosen])


@dataclass(frozen=True, eq=False, kw_only=True)
class PieceSource(Source):
    """Multi-voice pieces."""

    surveyed_by: ClassVar[str] = "aigc_tf.data.music.overview:overview"

    settings: PiecesSettings
    whole: MusicSplit
    """The training part including the validation part."""

    train: MusicSplit
    validation: MusicSplit | None = None
    test: MusicSplit

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, over the pieces of the training part and of the test part."""
        digest = hashlib.sha256()
        for part in (self.whole, self.test):
            digest.update(f"{len(part)};".encode())
            for piece in part.pieces:
                digest.update(f"{piece.cells.shape}{piece.bar} {piece.pickup};".encode())
                digest.update(np.ascontiguousarray(piece.cells, "<i2").data.cast("B"))
        return digest.hexdigest()

    @cached_property
    def ranges(self) -> np.ndarray:
        """The lowest and the highest symbol of each voice in the training part, int64 `[voices, 2]`."""
        found = [notes_between(piece.cells) for piece in self.train.pieces]
        return np.stack([np.min(found, axis=0)[:, 0], np.max(found, axis=0)[:, 1]], axis=1)

    @property
    def validation_split(self) -> str:
        """A description of the validation split."""
        if self.validation is None:
            return NO_VALIDATION
        return f"{len(self.validation):,} of the training pieces, by content hash{self.together}"

    @property
    def together(self) -> str:
        """What stays on the same side of a split, in words."""
        return ", settings of one melody together" if self.settings.melodies_apart else ""

    def validated(self) -> Self:
        """The same source with a validation part: the pieces with the smallest hashes; groups stay together."""
        return self.cut_by_key(self.whole.only, self.whole.keys)

    def describe(self) -> dict[str, Any]:
        """The description that a run records."""
        return {
            "training pieces": len(self.train),
            "validation pieces": 0 if self.validation is None else len(self.validation),
            "validation split": self.validation_split,
            "test pieces": len(self.test),
            "test split": self.test_split,
            "training steps": sum(piece.steps for piece in self.train.pieces),
            "voices": list(self.settings.voices),
            "licence": self.licence,
        }

    def inputs(self, part: PartName, count: int) -> list[Piece]:
        """At most `count` whole pieces of a part, evenly spread."""
        split: MusicSplit = self.part(part)
        return [split.pieces[row] for row in evenly(len(split), count)]

    def shift(self, piece: Piece, random: np.random.Generator) -> int:
        """A random transposition in semitones that keeps each voice within its range."""
        lowest, highest = notes_between(piece.cells).T
        down, up = (self.ranges[:, 0] - lowest).max(), (self.ranges[:, 1] - highest).min()
        return int(random.integers(min(down, 0), max(up, 0) + 1))


@dataclass(frozen=True, eq=False, kw_only=True)
class MusicSource(PieceSource):
    """Windows of pieces, in which some notes may be given."""

    settings: MusicSettings
    nothing_given: float
    """Share of training windows without given notes."""

    @cached_property
    def windows(self) -> np.ndarray:
        """The piece of each example in an epoch, int64 `[windows]`; longer pieces have more windows."""
        counts = [max(1, round(piece.steps / self.settings.window)) for piece in self.train.pieces]
        return np.repeat(np.arange(len(counts)), counts)

    @property
    def count(self) -> int:
        """Windows per epoch."""
        return len(self.windows)

    def held_out(self, part: PartName, count: int) -> Iterator[dict[str, np.ndarray]]:
        """The first window of evenly spread pieces, without given notes, in the form of `read`."""
        window = self.settings.window
        pieces = self.inputs(part, count)
        for at in range(0, len(pieces), _HELD_OUT_ROWS):
            rows = [
                entries(piece, 0, window, np.zeros((window, piece.cells.shape[1]), bool))
                for piece in pieces[at : at + _HELD_OUT_ROWS]
            ]
            yield {name: np.stack([row[name] for row in rows]) for name in ENTRIES}

    def read(self, rows: Rows, seed: int) -> Batch:
        """Windows of pieces; position, key and given notes depend on (seed, position).

        Returns:
            `held` and `age`, int32 `[batch, window + 1, voices]`: the sounding symbol in each step and its age,
            starting one step before the window. `place`, int32 `[batch, window]`: see `place_symbols`. `left`, the
            same: steps to the end of the piece, `BEHIND` after it. `given`, bool `[batch, window, voices]`.
        """

        def drawn(examples: np.ndarray, position: np.int64) -> list[np.ndarray]:
            found = [self._drawn(int(example), seed, int(position) + row) for row, example in enumerate(examples)]
            return [np.stack([each[name] for each in found]) for name in ENTRIES]

        kinds = (tf.int32, tf.int32, tf.int32, tf.int32, tf.bool)
        arrays = tf.numpy_function(drawn, [rows.examples, rows.position], kinds, stateful=False)
        size, window, voices = rows.examples.shape[0], self.settings.window, len(self.settings.voices)
        cells, steps = (size, window + 1, voices), (size, window)
        shapes = (cells, cells, steps, steps, (size, window, voices))
        return {name: tf.ensure_shape(array, shape) for name, array, shape in zip(ENTRIES, arrays, shapes, strict=True)}

    def _drawn(self, example: int, seed: int, position: int) -> dict[str, np.ndarray]:
        """A random window."""
        random = np.random.default_rng((seed, position))
        window = self.settings.window
        piece = self.train.pieces[self.windows[example]]
        # Windows beyond either end of the piece are moved inside, so that its ends are not seen less often.
        start = int(random.integers(-window // 2, max(1, piece.steps - window // 2)))
        start = min(max(start, 0), max(0, piece.steps - window))
        given = given_cells(random, window, piece.cells.shape[1], self.nothing_given)
        shift = self.shift(piece, random) if self.settings.transpose else 0
        return entries(piece, start, window, given, shift)


def notes_between(cells: np.ndarray) -> np.ndarray:
    """The lowest and the highest symbol of each voice in `[steps, voices]`, int64 `[voices, 2]`."""
    notes = cells >= FIRST
    lowest = np.where(notes, cells, SYMBOLS).min(axis=0)
    return np.stack([lowest, np.where(notes, cells, 0).max(axis=0)], axis=1).astype(np.int64)


def given_cells(random: np.random.Generator, window: int, voices: int, nothing: float) -> np.ndarray:
    """Random mask of given cells in a training window, bool `[window, voices]`.

    None; or one voice, most often the highest; or several voices; or some or all voices up to some step.
    """
    given = np.zeros((window, voices), bool)
    if random.random() < nothing or voices == 1:
        return given
    kind = random.choice(len(_KINDS), p=_KINDS)
    if kind == 0:
        voice = 0 if random.random() < _SOPRANO_SHARE else random.integers(voices)
        given[:, voice] = True
    else:
        some = random.random(voices) < 0.5
        some[random.integers(voices)] = True
        if kind == 1:
            some[random.integers(voices)] = False
        given[: window if kind == 1 else random.integers(1, window), some] = True
    return given


def entries(piece: Piece, start: int, window: int, given: np.ndarray, shift: int = 0) -> dict[str, np.ndarray]:
    """A transposed window of a piece in the form of `MusicSource.read`.

    Args:
        piece: with all voices.
        start: first step of the window.
        window: length in steps.
        given: bool `[window, voices]`.
        shift: transposition in semitones.
    """
    stop = min(start + window, piece.steps)
    sounding, age = piece.held, ages(piece.cells)
    before = start - 1
    rows = np.clip(np.arange(before, start + window), 0, piece.steps - 1)
    sounding, age = sounding[rows].astype(np.int32), age[rows].astype(np.int32)
    if start == 0:
        sounding[0], age[0] = HOLD, 0
    sounding = np.where(sounding >= FIRST, sounding + shift, sounding)
    places = np.zeros(window, np.int32)
    places[: stop - start] = place_symbols(piece.places, piece.bar)[start:stop]
    left = np.full(window, BEHIND, np.int32)
    left[: stop - start] = np.minimum(piece.steps - 1 - np.arange(start, stop), MAX_LEFT)
    given = given.copy()
    given[stop - start :] = False
    return {"held": sounding, "age": age, "place": places, "left": left, "given": given}
