"""Text as numbers, for one purpose."""

from __future__ import annotations

import hashlib
import itertools
import mmap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aigc_tf.data.source import VALIDATION_SHARE, held_out_by_key, validation_key
from aigc_tf.data.text.vocabulary import BOUNDARY

PADDING = -1  # after the end of a line that is shorter than others of its batch
# From so many documents on, single ones are held out; of fewer, one could be all that is of its kind.
MIN_DOCUMENTS = 20
_BLOCK = 2**22  # tokens that are worked on at once


@dataclass(frozen=True, eq=False)
class TextSplit:
    """Text for one purpose."""

    tokens: np.ndarray
    """int32, or uint16 where memory is scarce, `[tokens]`: each document after a boundary, and a boundary after the
    last if documents have ends."""
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

    @property
    def with_ends(self) -> bool:
        """Whether there is a boundary after the last document."""
        return len(self.tokens) > self.starts[-1]

    def document(self, index: int) -> np.ndarray:
        """One document's tokens without boundaries."""
        return self.tokens[self.starts[index] + 1 : self.starts[index + 1]]

    def keys(self) -> np.ndarray:
        """uint64 `[documents]`: a hash of each one's tokens as int32 (`validation_key`)."""
        found = np.empty(self.documents, np.uint64)
        edges = np.searchsorted(self.starts, np.arange(0, self.starts[-1], _BLOCK))  # documents that blocks begin with
        for first, last in itertools.pairwise([*np.unique(edges).tolist(), self.documents]):
            start, end = int(self.starts[first]), int(self.starts[last])
            if end - start > 2 * _BLOCK:  # one of them is long
                found[first:last] = [validation_key(self._blocks_of(row)) for row in range(first, last)]
                continue
            content = _int32(self.tokens, start, end).data.cast("B")
            offsets = ((self.starts[first : last + 1] - start) * 4).tolist()
            found[first:last] = [validation_key([content[at + 4 : to]]) for at, to in itertools.pairwise(offsets)]
        return found

    def _blocks_of(self, row: int) -> Iterator[memoryview]:
        start, end = int(self.starts[row]) + 1, int(self.starts[row + 1])
        return (_int32(self.tokens, at, min(at + _BLOCK, end)).data for at in range(start, end, _BLOCK))

    def only(self, rows: np.ndarray, writer: TokenWriter | None = None) -> TextSplit:
        """Only some documents, int `[documents]`, in that order, written anew, in memory without a writer."""
        writer = writer or TokenWriter()
        lengths = np.diff(self.starts)[rows]
        for run in np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1):
            if len(run):
                writer.copy(self.tokens, int(self.starts[run[0]]), int(self.starts[run[-1] + 1]))
        if self.with_ends or not len(rows):
            writer.add(np.array([BOUNDARY]))
        starts = np.cumsum([0, *lengths], dtype=np.int64)
        return TextSplit(writer.array(), starts, self._characters_of(int(lengths.sum()) - len(rows)))

    def part(self, first: int, last: int) -> TextSplit:
        """Documents that stand side by side, and the boundaries around them; nothing is copied."""
        starts = self.starts[first : last + 1]
        symbols = int(starts[-1] - starts[0]) - (last - first)
        return TextSplit(self.tokens[starts[0] : starts[-1] + 1], starts - starts[0], self._characters_of(symbols))

    def _characters_of(self, symbols: int) -> int:
        """About how many characters so many of the symbols stand for."""
        all_symbols = len(self.tokens) - self.documents - self.with_ends
        return round(symbols / max(1, all_symbols) * self.characters)


class TokenWriter:
    """Takes tokens, and makes one array of them, in memory or in a file."""

    def __init__(self, path: Path | None = None, kind: type[np.integer] = np.int32) -> None:
        """
        Args:
            path: of a new file; None for memory.
            kind: what a token is kept as.
        """
        self._path, self._kind = path, kind
        self._chunks: list[np.ndarray] = []
        self.count = 0
        """Tokens so far."""

    def add(self, tokens: np.ndarray) -> None:
        """Add some, int `[tokens]`.

        Raises:
            OSError: the file cannot be written.
        """
        self.count += len(tokens)
        tokens = tokens.astype(self._kind)
        if self._path is None:
            self._chunks.append(tokens)
        else:
            with self._path.open("ab") as file:
                file.write(tokens.data)

    def copy(self, tokens: np.ndarray, start: int, end: int) -> None:
        """Add those from `start` to `end` of an array, which may be a file larger than the memory."""
        for block in range(start, end, _BLOCK):
            self.add(_int32(tokens, block, min(block + _BLOCK, end)))

    def array(self) -> np.ndarray:
        """What was added."""
        if self._path is None:
            return np.concatenate(self._chunks) if self._chunks else np.zeros(0, self._kind)
        return np.memmap(self._path, self._kind, "r")


def blocks(tokens: np.ndarray) -> Iterator[np.ndarray]:
    """Tokens as int32, some at a time."""
    for start in range(0, len(tokens), _BLOCK):
        yield _int32(tokens, start, start + _BLOCK)


def _int32(tokens: np.ndarray, start: int, end: int) -> np.ndarray:
    """Some tokens in memory; the pages of a file that held them are let go."""
    found = np.array(tokens[start:end], np.int32)
    file = tokens if isinstance(tokens.base, mmap.mmap) else tokens.base  # or a part of an array
    if isinstance(file, np.ndarray) and isinstance(file.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        file.base.madvise(mmap.MADV_DONTNEED)
    return found


def fingerprint_of(vocabulary: str, parts: Iterable[TextSplit]) -> str:
    """SHA-256, in hexadecimal, over a vocabulary as JSON and the tokens of some parts as int32."""
    digest = hashlib.sha256(vocabulary.encode())
    for part in parts:
        digest.update(f"{part.tokens.shape};".encode())
        for block in blocks(part.tokens):
            digest.update(block.data)
    return digest.hexdigest()


@dataclass(frozen=True)
class Cut:
    """A training part, and what is cut off it to choose by."""

    whole: TextSplit
    train: TextSplit
    validation: TextSplit


def by_document(whole: TextSplit, keys: np.ndarray, writer: TokenWriter) -> Cut | None:
    """Most documents, and those with the smallest hashes; equal ones on one side. None if all are equal.

    Args:
        whole: the documents, which have ends.
        keys: of them.
        writer: takes the tokens of the whole anew, the validation part at the end.
    """
    chosen = held_out_by_key(keys)
    if not chosen.any():
        return None
    whole, learnt = whole.only(np.argsort(chosen, kind="stable"), writer), int((~chosen).sum())
    return Cut(whole, whole.part(0, learnt), whole.part(learnt, len(chosen)))


def at_end(whole: TextSplit) -> Cut | None:
    """The text, and its last twentieth. None if it is too short for that."""
    at = round((1 - VALIDATION_SHARE) * whole.symbols)
    if not 0 < at < whole.symbols:
        return None
    at += at + 1 in whole.starts[:-1]  # no side has an empty document
    share = at / whole.symbols
    end = at if at in whole.starts else at + 1
    first, last = whole.tokens[: at + 1], whole.tokens[at:]
    characters = round(share * whole.characters)
    before = np.array([*whole.starts[whole.starts < at], end], np.int64)
    behind = np.array([0, *(whole.starts[whole.starts > at] - at)], np.int64)
    return Cut(
        whole,
        TextSplit(first, before, characters),
        TextSplit(last, behind, whole.characters - characters, is_end=True),
    )
