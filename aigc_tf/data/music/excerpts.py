"""Sources of excerpts: a few bars in four-four time, starting at a bar line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.music.piece import Piece, ages
from aigc_tf.data.music.source import MusicSplit, PieceSource
from aigc_tf.data.order import Rows
from aigc_tf.data.source import Batch, PartName, evenly
from aigc_tf.errors import InputError
from aigc_tf.recipes.pieces import BAR, ExcerptSettings

_HELD_OUT_ROWS = 64


@dataclass(frozen=True, eq=False, kw_only=True)
class ExcerptSource(PieceSource):
    """Excerpts of pieces in four-four time; they overlap, with one starting at every bar."""

    settings: ExcerptSettings

    @cached_property
    def places(self) -> dict[PartName, np.ndarray]:
        """Piece and first step of each excerpt in each part, int64 `[excerpts, 2]`."""
        names: tuple[PartName, ...] = ("train", "validation", "test")
        return {name: places(self.part(name), self.settings.steps) for name in names}

    def refuse_empty_parts(self) -> None:
        """Raise InputError if a part has no excerpts."""
        for name, found in self.places.items():
            if not len(found):
                raise InputError(
                    f"{self.name} has no piece of {self.settings.bars} bars of four quarters in its {name} part: "
                    "give more of them, or lower music.bars"
                )

    @property
    def count(self) -> int:
        """Excerpts per epoch."""
        return len(self.places["train"])

    def describe(self) -> dict[str, Any]:
        """The description that a run records."""
        counts = {f"{name} excerpts": len(found) for name, found in self.places.items()}
        return super().describe() | counts | {"bars of an excerpt": self.settings.bars}

    def inputs(self, part: PartName, count: int) -> list[Piece]:
        """At most `count` excerpts of a part, evenly spread."""
        found = self.places[part]
        return [self._excerpt(part, *found[row].tolist()) for row in evenly(len(found), count)]

    def _excerpt(self, part: PartName, piece: int, start: int) -> Piece:
        split: MusicSplit = self.part(part)
        return split.pieces[piece].part(start, self.settings.steps)

    def held_out(self, part: PartName, count: int) -> Iterator[dict[str, np.ndarray]]:
        """At most `count` excerpts of a part, evenly spread, in the form of `read`."""
        excerpts = self.inputs(part, count)
        for at in range(0, len(excerpts), _HELD_OUT_ROWS):
            yield {"notes": notes_of_pieces(excerpts[at : at + _HELD_OUT_ROWS])}

    def read(self, rows: Rows, seed: int) -> Batch:
        """Excerpts, each transposed to a key that depends on (seed, position).

        Returns:
            `notes`, int32 `[batch, steps, voices, 2]`; see `notes_of_pieces`.
        """

        def drawn(examples: np.ndarray, position: np.int64) -> np.ndarray:
            return notes_of_pieces([self._drawn(*pair, seed) for pair in enumerate(examples.tolist(), int(position))])

        notes = tf.numpy_function(drawn, [rows.examples, rows.position], tf.int32, stateful=False)
        shape = (rows.examples.shape[0], self.settings.steps, len(self.settings.voices), 2)
        return {"notes": tf.ensure_shape(notes, shape)}

    def _drawn(self, position: int, example: int, seed: int) -> Piece:
        piece, start = self.places["train"][example].tolist()
        excerpt = self._excerpt("train", piece, start)
        if not self.settings.transpose:
            return excerpt
        return excerpt.transposed(self.shift(self.train.pieces[piece], np.random.default_rng((seed, position))))


def places(split: MusicSplit, steps: int) -> np.ndarray:
    """Piece and first step of each excerpt, one for every bar in four-four time: int64 `[excerpts, 2]`."""
    found = [
        (index, start)
        for index, piece in enumerate(split.pieces)
        if piece.bar == BAR
        for start in range(piece.pickup, piece.steps - steps + 1, BAR)
    ]
    return np.array(found, np.int64).reshape(-1, 2)


def notes_of_pieces(pieces: list[Piece]) -> np.ndarray:
    """The sounding pitch in each cell, and its age: int32 `[pieces, steps, voices, 2]`."""
    return np.stack([np.stack([piece.held, ages(piece.cells)], axis=-1) for piece in pieces]).astype(np.int32)
