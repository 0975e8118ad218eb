"""Text as numbers, for one purpose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aigc_tf.data.source import VALIDATION_SHARE, held_out_by_hash
from aigc_tf.data.text.vocabulary import BOUNDARY

PADDING = -1  # after the end of a line that is shorter than others of its batch


@dataclass(frozen=True, eq=False)
class TextSplit:
    """Text for one purpose."""

    tokens: np.ndarray
    """int32 `[tokens]`: each document after a boundary, and a boundary after the last if documents have ends."""
    starts: np.ndarray
    """int64 `[documents + 1]`: where the boundary before each document stands, and one place more."""
    characters: int
    """Of all documents; the end of a line or document counts as one, where the model has to tell it."""
    is_end: bool = False
    """Whether it is the end of a text that goes before it."""

    @property
    def symbols(self) -> int:
        """How many there are to be told: all tokens but the first boundary."""
        return len(self.tokens) - 1

    @property
    def documents(self) -> int:
        """How many there are."""
        return len(self.starts) - 1

    def document(self, index: int) -> np.ndarray:
        """One document's tokens without boundaries."""
        return self.tokens[self.starts[index] + 1 : self.starts[index + 1]]

    def by_document(self) -> tuple[TextSplit, TextSplit] | None:
        """Most documents, and those with the smallest hashes; equal ones on one side. None if all are equal."""
        chosen = held_out_by_hash(self.document(index) for index in range(self.documents))
        if not chosen.any():
            return None
        return self._some(np.flatnonzero(~chosen)), self._some(np.flatnonzero(chosen))

    def at_end(self) -> tuple[TextSplit, TextSplit] | None:
        """The text, and its last twentieth. None if it is too short for that."""
        at = round((1 - VALIDATION_SHARE) * self.symbols)
        if not 0 < at < self.symbols:
            return None
        at += at + 1 in self.starts[:-1]  # no side has an empty document
        share = at / self.symbols
        end = at if at in self.starts else at + 1
        first, last = self.tokens[: at + 1], self.tokens[at:]
        characters = round(share * self.characters)
        before = np.array([*self.starts[self.starts < at], end], np.int64)
        behind = np.array([0, *(self.starts[self.starts > at] - at)], np.int64)
        return TextSplit(first, before, characters), TextSplit(last, behind, self.characters - characters, is_end=True)

    def _some(self, documents: np.ndarray) -> TextSplit:
        """Only these documents."""
        with_ends = len(self.tokens) > self.starts[-1]  # a boundary after the last one
        parts = [self.document(index) for index in documents]
        share = sum(map(len, parts)) / max(1, len(self.tokens) - self.documents - with_ends)
        return join(parts, round(share * self.characters), with_ends)


def join(documents: list[np.ndarray], characters: int, with_ends: bool) -> TextSplit:
    """A split of documents' tokens; see `TextSplit`."""
    starts = np.cumsum([0, *(len(document) + 1 for document in documents)], dtype=np.int64)
    boundary = np.array([BOUNDARY], np.int32)
    parts = [part for document in documents for part in (boundary, document)]
    last = [boundary] if with_ends or not parts else []
    return TextSplit(np.concatenate([*parts, *last]).astype(np.int32), starts, characters)
