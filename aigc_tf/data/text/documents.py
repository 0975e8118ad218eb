"""Documents that can be read repeatedly in pieces, so that they need not fit in memory."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data import tfds_builders
from aigc_tf.data.files import pieces, text_pieces
from aigc_tf.data.walk import states

Pieces = Iterable[str]
"""One text in pieces, cut before white space."""


class Documents(abc.ABC):
    """A collection of texts."""

    @abc.abstractmethod
    def read(self, chosen: np.ndarray | None = None) -> Iterator[Pieces]:
        """The texts one after the other; each has to be read before the next is requested.

        Args:
            chosen: bool `[documents]`, the texts to read; None for all.
        """

    @abc.abstractmethod
    def __len__(self) -> int:
        """Number of texts, or an upper bound."""

    def name(self, row: int) -> str:
        """The name of a text in messages."""
        return f"document {row + 1:,}"


@dataclass(frozen=True, eq=False)
class Given(Documents):
    """Texts in memory."""

    texts: Sequence[str]

    def read(self, chosen: np.ndarray | None = None) -> Iterator[Pieces]:
        """See `Documents.read`."""
        for row in _rows(self, chosen):
            yield pieces([self.texts[row]])

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, eq=False)
class Files(Documents):
    """UTF-8 files."""

    folder: Path
    names: Sequence[str]
    """Relative to the folder."""
    limit: int
    """Maximum bytes to read of each."""

    def read(self, chosen: np.ndarray | None = None) -> Iterator[Pieces]:
        """See `Documents.read`."""
        for row in _rows(self, chosen):
            yield text_pieces(self.folder / self.names[row], self.limit)

    def __len__(self) -> int:
        return len(self.names)

    def name(self, row: int) -> str:
        """The file's name."""
        return self.names[row]

    def sizes(self) -> np.ndarray:
        """Size of each file in bytes, int64 `[files]`; 0 if it cannot be looked up, which reading will report."""
        return np.fromiter(
            (0 if state is None else state.st_size for state in states(self.folder, self.names)), np.int64
        )


@dataclass(frozen=True, eq=False)
class Examples(Documents):
    """A text feature of a TFDS set's examples."""

    builder: Any
    split: str
    feature: str
    limit: int
    """Bytes after which reading stops, at the end of a text."""

    def read(self, chosen: np.ndarray | None = None) -> Iterator[Pieces]:
        """See `Documents.read`."""
        read = 0
        try:
            examples = tfds_builders.examples(self.builder, self.split, (self.feature,))
            for row, example in enumerate(examples.as_numpy_iterator()):
                content = example[self.feature]
                read += len(content)
                if chosen is None or chosen[row]:
                    yield pieces([content.decode("utf-8", "replace")])
                if read >= self.limit:
                    return
        except tf.errors.OpError as error:
            raise tfds_builders.damaged(self.builder, error) from error

    def __len__(self) -> int:
        return int(self.builder.info.splits[self.split].num_examples)


def _rows(documents: Documents, chosen: np.ndarray | None) -> Iterable[int]:
    return range(len(documents)) if chosen is None else map(int, np.flatnonzero(chosen))


def spread(sizes: np.ndarray, limit: int) -> np.ndarray:
    """Choose files to stay within a size limit, evenly spread over their order: bool `[files]`.

    Args:
        sizes: sizes of the files, int64; none above the limit.
        limit: of the sum of the chosen sizes.
    """
    total = int(sizes.sum())
    if total <= limit:
        return np.ones(len(sizes), bool)
    chosen = np.zeros(len(sizes), bool)
    taken = seen = 0
    for row, size in enumerate(sizes.tolist()):
        seen += size
        if (taken + size) * total <= limit * seen:
            chosen[row] = True
            taken += size
    return chosen
