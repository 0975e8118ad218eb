"""What a source of text is, and how training reads it."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Self

import numpy as np
import tensorflow as tf

from aigc_tf.data.order import Order, Rows, Tabulated
from aigc_tf.data.source import NO_VALIDATION, VALIDATION_SHARE, Batch, PartName, Source, evenly, held_out_by_hash
from aigc_tf.data.text.vocabulary import BOUNDARY, Vocabulary
from aigc_tf.errors import InputError
from aigc_tf.recipes.text import TextSettings

HELD_OUT_ROWS = 50  # windows or lines that are looked at at once
PADDING = -1  # behind the end of a line that is shorter than others of its batch
# Lines are batched with lines of like length, out of so many batches' lines at a time.
_BATCHES_IN_POOL = 50
# From so many documents on, single ones are held out; of fewer, one could be all that is of its kind.
MIN_DOCUMENTS = 20


@dataclass(frozen=True, eq=False)
class TextSplit:
    """Text for one purpose."""

    tokens: np.ndarray
    """int32 `[tokens]`: each document behind a boundary, and a boundary behind the last if documents have ends."""
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
        with_ends = len(self.tokens) > self.starts[-1]  # a boundary behind the last one
        parts = [self.document(index) for index in documents]
        share = sum(map(len, parts)) / max(1, len(self.tokens) - self.documents - with_ends)
        return join(parts, round(share * self.characters), with_ends)


@dataclass(frozen=True, eq=False, kw_only=True)
class TextSource(Source):
    """Text as numbers."""

    settings: TextSettings
    vocabulary: Vocabulary
    training: TextSplit | None = None
    """The training part with the validation part in it; None if none was cut off."""

    train: TextSplit
    validation: TextSplit | None = None
    test: TextSplit

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, over the vocabulary and the tokens of both parts."""
        digest = hashlib.sha256(self.vocabulary.to_json().encode())
        for split in (self.training or self.train, self.test):
            digest.update(f"{split.tokens.shape};".encode())
            digest.update(np.ascontiguousarray(split.tokens).data.cast("B"))
        return digest.hexdigest()

    @property
    def assets(self) -> dict[str, Any]:
        """`vocabulary`."""
        return {"vocabulary": self.vocabulary, **super().assets}

    @property
    def count(self) -> int:
        """Documents to train on."""
        return self.train.documents

    @property
    def validation_split(self) -> str:
        """In words."""
        if self.validation is None:
            return NO_VALIDATION
        if self.validation.is_end:
            return f"the last {self.validation.symbols:,} symbols of the training text"
        return f"{self.validation.documents:,} of the training documents, by content hash"

    def validated(self) -> Self:
        """The same with a validation part: some documents by their hash, or of a few documents the end of the text.

        Both sides have the vocabulary of the whole training part.
        """
        whole = self.training or self.train
        single = self.settings.lines or whole.documents >= MIN_DOCUMENTS
        sides = whole.by_document() if single else whole.at_end()
        if sides is None:
            return self
        return dataclasses.replace(self, train=sides[0], validation=sides[1], training=whole)

    def describe(self) -> dict[str, Any]:
        """What a run records of its source."""
        return {
            "training characters": self.train.characters,
            "validation characters": 0 if self.validation is None else self.validation.characters,
            "validation split": self.validation_split,
            "test characters": self.test.characters,
            "test split": self.test_split,
            "documents": (self.training or self.train).documents + self.test.documents,
            "unit": self.vocabulary.unit,
            "symbols": len(self.vocabulary),
            "licence": self.licence,
        }

    def inputs(self, part: PartName, count: int) -> list[str]:
        """Documents, or of a text without ends pieces of the length that a network reads."""
        split: TextSplit = self.part(part)
        if self.vocabulary.end is not None:
            chosen = evenly(split.documents, count)
            return [self.vocabulary.decode(split.document(index)) for index in chosen]
        length = self.settings.length
        starts = evenly(max(1, split.symbols // length), count) * length + 1
        return [self.vocabulary.decode(split.tokens[start : start + length]) for start in starts]

    def titles(self, part: PartName, count: int) -> list[str]:
        """The texts themselves."""
        return self.inputs(part, count)

    def held_out(self, part: PartName, count: int) -> Iterator[dict[str, np.ndarray]]:
        """Lines evenly spread, or windows that do not overlap: `tokens`, and that none goes on from another."""
        split: TextSplit = self.part(part)
        if self.settings.lines:
            chosen = evenly(split.documents, count)
            for at in range(0, len(chosen), HELD_OUT_ROWS):
                yield {"tokens": padded(split, chosen[at : at + HELD_OUT_ROWS]), "continues": np.False_}
            return
        for tokens in windows_of(split.tokens, self.settings.length, count):
            yield {"tokens": tokens, "continues": np.False_}

    def order(self, batch_size: int, seed: int) -> Order:
        """Lines, places that go on side by side, or windows, as the settings say.

        Raises:
            InputError: there is less text than one batch takes.
        """
        length = self.settings.length
        if self.settings.lines:
            return Tabulated(batch_size, lines(self.train, batch_size, seed))
        if self.settings.consecutive:
            return Tabulated(batch_size, streams(self.train.tokens, length, batch_size, seed))
        return Tabulated(batch_size, windows(self.train.tokens, length, batch_size, seed))

    def read(self, rows: Rows, seed: int) -> Batch:
        """`tokens`, int32 `[batch, time + 1]`: inputs and, one further, targets, -1 is padding; and `continues`.

        `continues`, bool `[]`, says whether the rows go on from those of the step before.
        """
        length, settings = self.settings.length, self.settings
        # Batches of any size are padded to the same length, whichever lines are drawn.
        longest = length + 2 if self.poisson else None

        def tokens_at(examples: np.ndarray) -> np.ndarray:
            if settings.lines:
                return padded(self.train, examples, longest)
            return self.train.tokens[examples[:, None] + np.arange(length + 1)]

        time = longest if settings.lines else length + 1
        tokens = tf.numpy_function(tokens_at, [rows.examples], tf.int32, stateful=False)
        return {"tokens": tf.ensure_shape(tokens, (rows.examples.shape[0], time)), "continues": rows.continues}


BatchOf = Callable[[int], tuple[np.ndarray, np.bool_]]
"""Step -> the first tokens or the documents of its rows, int64 `[batch]`, and whether they go on from before."""


def windows(tokens: np.ndarray, length: int, batch_size: int, seed: int) -> BatchOf:
    """Windows of `length` inputs that do not overlap, each once in an epoch, in an order of its own.

    Every epoch cuts at other places. What is left over behind the last window comes in another epoch.
    """
    count = (len(tokens) - 1 - (length - 1)) // length  # whatever the place of the first cut
    if count < 1:
        raise InputError(_too_short(len(tokens), 2 * length, length))

    @lru_cache(maxsize=2)  # a batch can lie in two epochs
    def starts(epoch: int) -> np.ndarray:
        random = np.random.default_rng((seed, epoch))
        return random.integers(length) + random.permutation(count) * length

    def batch(step: int) -> tuple[np.ndarray, np.bool_]:
        positions = np.arange(step * batch_size, (step + 1) * batch_size)
        begins = np.array([starts(int(position // count))[position % count] for position in positions])
        return begins.astype(np.int64), np.False_

    return batch


def streams(tokens: np.ndarray, length: int, batch_size: int, seed: int) -> BatchOf:
    """As many places in the text as rows, read on side by side, `length` inputs in a step.

    Every epoch starts at other places.
    """
    steps = (len(tokens) - 1 - (length - 1)) // (length * batch_size)
    if steps < 1:
        raise InputError(_too_short(len(tokens), length * (batch_size + 1), length, batch_size))

    def batch(step: int) -> tuple[np.ndarray, np.bool_]:
        epoch, place = divmod(int(step), steps)
        shift = np.random.default_rng((seed, epoch)).integers(length)
        begins = shift + (np.arange(batch_size) * steps + place) * length
        return begins.astype(np.int64), np.bool_(place > 0)

    return batch


def lines(split: TextSplit, batch_size: int, seed: int) -> BatchOf:
    """Whole documents with the boundaries around them, each once in an epoch, with others of like length."""
    lengths = np.diff(split.starts) + 1  # both boundaries included
    pool = batch_size * _BATCHES_IN_POOL
    batches = max(1, split.documents // batch_size)  # what is left over comes in another epoch

    @lru_cache(maxsize=1)
    def order(epoch: int) -> np.ndarray:
        """`[batches, batch_size]` documents."""
        random = np.random.default_rng((seed, epoch))
        shuffled = random.permutation(split.documents)
        shuffled = np.resize(shuffled, batches * batch_size)  # repeats them if there are fewer than a batch takes
        pools = [shuffled[at : at + pool] for at in range(0, len(shuffled), pool)]
        by_length = np.concatenate([part[np.argsort(lengths[part], kind="stable")] for part in pools])
        return random.permutation(by_length.reshape(batches, batch_size))

    def batch(step: int) -> tuple[np.ndarray, np.bool_]:
        epoch, place = divmod(int(step), batches)
        return order(epoch)[place].astype(np.int64), np.False_

    return batch


def windows_of(tokens: np.ndarray, length: int, samples: int) -> Iterator[np.ndarray]:
    """Windows of `length` symbols and the one before them, int32 `[rows, length + 1]`.

    The rows begin evenly spread over the text, and each goes on in the next batch. Together, they are the whole
    text if `samples` allows; -1 stands behind its end.
    """
    count = -(-(len(tokens) - 1) // length)
    rows = min(HELD_OUT_ROWS, count)
    in_a_row = -(-count // rows)
    places = np.arange(rows)[:, None] * in_a_row * length + np.arange(length + 1)
    for step in range(min(in_a_row, -(-samples // rows))):
        at = places + step * length
        # What the next row begins with belongs to that row.
        yield np.where(at < len(tokens), tokens[np.minimum(at, len(tokens) - 1)], PADDING).astype(np.int32)


def padded(split: TextSplit, documents: np.ndarray, longest: int | None = None) -> np.ndarray:
    """Documents with the boundaries around them, int32 `[documents, longest]`; -1 behind the last boundary.

    Args:
        split: that has them.
        documents: which.
        longest: how many numbers a row has; by default as many as the longest of them needs.
    """
    starts, ends = split.starts[documents], split.starts[documents + 1] + 1
    offsets = np.arange((ends - starts).max() if longest is None else longest)
    inside = offsets < (ends - starts)[:, None]
    places = np.minimum(starts[:, None] + offsets, len(split.tokens) - 1)
    return np.where(inside, split.tokens[places], PADDING).astype(np.int32)


def join(documents: list[np.ndarray], characters: int, with_ends: bool) -> TextSplit:
    """A split of documents' tokens; see `TextSplit`."""
    starts = np.cumsum([0, *(len(document) + 1 for document in documents)], dtype=np.int64)
    boundary = np.array([BOUNDARY], np.int32)
    parts = [part for document in documents for part in (boundary, document)]
    last = [boundary] if with_ends or not parts else []
    return TextSplit(np.concatenate([*parts, *last]).astype(np.int32), starts, characters)


def _too_short(found: int, wanted: int, length: int, batch_size: int | None = None) -> str:
    mend = f"lower text.length ({length})" + (f" or batch_size ({batch_size})" if batch_size else "")
    return f"the text has {found} symbols, and at least {wanted} are needed: give more text, or {mend}"
