"""Tokenized text of one part."""

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

PADDING = -1  # after the end of lines that are shorter than others in their batch
# With at least this many documents, whole ones are held out; with fewer, one could be the only one of its kind.
MIN_DOCUMENTS = 20
_BLOCK = 2**22  # tokens to process at once


@dataclass(frozen=True, eq=False)
class TextSplit:
    """Tokenized text for one purpose."""

    tokens: np.ndarray
    """int32, or uint16 where memory is scarce, `[tokens]`: each document preceded by a boundary, and a boundary after
    the last one if documents have ends."""
    starts: np.ndarray
    """int64 `[documents + 1]`: position of the boundary before each document, and one past the end."""
    characters: int
    """Characters of all documents; the end of a line or document counts as one if the model has to predict it."""
    is_end: bool = False
    """Whether it is the end of a text whose beginning is in another part."""

    @property
    def symbols(self) -> int:
        """Number of tokens to predict: all but the first boundary."""
        return len(self.tokens) - 1

    @property
    def documents(self) -> int:
        """Number of documents."""
        return len(self.starts) - 1

    @property
    def with_ends(self) -> bool:
        """Whether there is a boundary after the last document."""
        return len(self.tokens) > self.starts[-1]

    def document(self, index: int) -> np.ndarray:
        """One document's tokens without boundaries."""
        return self.tokens[self.starts[index] + 1 : self.starts[index + 1]]

    def keys(self) -> np.ndarray:
        """uint64 `[documents]`: a hash of each document's tokens as int32 (`validation_key`)."""
        found = np.empty(self.documents, np.uint64)
        edges = np.searchsorted(self.starts, np.arange(0, self.starts[-1], _BLOCK))  # first document of each block
        for first, last in itertools.pairwise([*np.unique(edges).tolist(), self.documents]):
            start, end = int(self.starts[first]), int(self.starts[last])
            if end - start > 2 * _BLOCK:  # a block with a long document
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
        """A subset of the documents, int `[documents]`, in that order, copied to a writer or to memory."""
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
        """Consecutive documents, with the boundaries around them, without copying."""
        starts = self.starts[first : last + 1]
        symbols = int(starts[-1] - starts[0]) - (last - first)
        return TextSplit(self.tokens[starts[0] : starts[-1] + 1], starts - starts[0], self._characters_of(symbols))

    def _characters_of(self, symbols: int) -> int:
        """Approximate number of characters for a number of tokens."""
        all_symbols = len(self.tokens) - self.documents - self.with_ends
        return round(symbols / max(1, all_symbols) * self.characters)


class TokenWriter:
    """Collects tokens into one array, in memory or in a file."""

    def __init__(self, path: Path | None = None, kind: type[np.integer] = np.int32) -> None:
        """
        Args:
            path: path of a new file; None for memory.
            kind: dtype of stored tokens.
        """
        self._path, self._kind = path, kind
        self._chunks: list[np.ndarray] = []
        self.count = 0
        """Number of tokens so far."""

    def add(self, tokens: np.ndarray) -> None:
        """Append tokens, int `[tokens]`.

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
        """Append tokens from `start` to `end` of an array, which may be a file larger than memory."""
        for block in range(start, end, _BLOCK):
            self.add(_int32(tokens, block, min(block + _BLOCK, end)))

    def array(self) -> np.ndarray:
        """All tokens added so far."""
        if self._path is None:
            return np.concatenate(self._chunks) if self._chunks else np.zeros(0, self._kind)
        return np.memmap(self._path, self._kind, "r")


def blocks(tokens: np.ndarray) -> Iterator[np.ndarray]:
    """Tokens as int32, in blocks."""
    for start in range(0, len(tokens), _BLOCK):
        yield _int32(tokens, start, start + _BLOCK)


def _int32(tokens: np.ndarray, start: int, end: int) -> np.ndarray:
    """A block of tokens in memory; the mapped file's pages are released."""
    found = np.array(tokens[start:end], np.int32)
    file = tokens if isinstance(tokens.base, mmap.mmap) else tokens.base  # or a part of an array
    if isinstance(file, np.ndarray) and isinstance(file.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        file.base.madvise(mmap.MADV_DONTNEED)
    return found


def fingerprint_of(vocabulary: str, parts: Iterable[TextSplit]) -> str:
    """SHA-256, in hexadecimal, over a vocabulary as JSON and the tokens of parts as int32."""
    digest = hashlib.sha256(vocabulary.encode())
    for part in parts:
        digest.update(f"{part.tokens.shape};".encode())
        for block in blocks(part.tokens):
            digest.update(block.data)
    return digest.hexdigest()


@dataclass(frozen=True)
class Cut:
    """A training part, and the validation part split from it."""

    whole: TextSplit
    train: TextSplit
    validation: TextSplit


def by_document(whole: TextSplit, keys: np.ndarray, writer: TokenWriter) -> Cut | None:
    """Split off the documents with the smallest hashes, with equal ones on the same side. None if all are equal.

    Args:
        whole: documents that have ends.
        keys: their hashes.
        writer: receives the reordered tokens, with the validation part at the end.
    """
    chosen = held_out_by_key(keys)
    if not chosen.any():
        return None
    whole, learnt = whole.only(np.argsort(chosen, kind="stable"), writer), int((~chosen).sum())
    return Cut(whole, whole.part(0, learnt), whole.part(learnt, len(chosen)))


def at_end(whole: TextSplit) -> Cut | None:
    """Split off the last twentieth of the text. None if it is too short for that."""
    at = round((1 - VALIDATION_SHARE) * whole.symbols)
    if not 0 < at < whole.symbols:
        return None
    at += at + 1 in whole.starts[:-1]  # neither side has an empty document
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
