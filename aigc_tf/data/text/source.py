"""What a source of text is, and how training reads it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.images.source import ALL
from aigc_tf.data.text.vocabulary import BOUNDARY, Vocabulary
from aigc_tf.errors import InputError
from aigc_tf.recipes.text import TextSettings

PADDING = -1  # behind the end of a line that is shorter than others of its batch
# Lines are batched with lines of like length, out of so many batches' lines at a time.
_BATCHES_IN_POOL = 50
_PREFETCHED = 4


@dataclass(frozen=True, eq=False)
class TextSplit:
    """Text for one purpose."""

    tokens: np.ndarray
    """int32 `[tokens]`: each document behind a boundary, and a boundary behind the last if documents have ends."""
    starts: np.ndarray
    """int64 `[documents + 1]`: where the boundary before each document stands, and one place more."""
    characters: int
    """Of all documents; the end of a line or document counts as one, where the model has to tell it."""

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


@dataclass(frozen=True, eq=False)
class TextSource:
    """Text as numbers, split for training and testing."""

    name: str
    """What names it again as a recipe's `source`."""
    settings: TextSettings
    vocabulary: Vocabulary
    train: TextSplit
    test: TextSplit
    test_split: str
    """How the test split came about, for protocols."""
    licence: str
    """Licence and attribution."""
    notes: tuple[str, ...]
    """Lines that the user should see once."""

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, over the vocabulary and the tokens of both splits."""
        digest = hashlib.sha256(self.vocabulary.to_json().encode())
        for split in (self.train, self.test):
            digest.update(f"{split.tokens.shape};".encode())
            digest.update(np.ascontiguousarray(split.tokens).data.cast("B"))
        return digest.hexdigest()

    def describe(self) -> dict[str, Any]:
        """What a run records of its source."""
        return {
            "training characters": self.train.characters,
            "test characters": self.test.characters,
            "test split": self.test_split,
            "documents": self.train.documents + self.test.documents,
            "unit": self.vocabulary.unit,
            "symbols": len(self.vocabulary),
            "licence": self.licence,
        }

    def training_batches(self, batch_size: int, seed: int, first_step: int = 0, rows: slice = ALL) -> tf.data.Dataset:
        """Batches without end; the batch of step t depends on (seed, t) alone.

        Args:
            batch_size: examples in a batch.
            seed: decides the order, epoch by epoch.
            first_step: the step whose batch comes first.
            rows: of each batch, those that are given; all by default.

        Returns:
            (tokens, goes_on): int32 `[batch, time + 1]`, the inputs and, one further, the targets; -1 is padding.
            And whether the rows go on from those of the step before, bool `[]`.

        Raises:
            InputError: there is less text than one batch takes.
        """
        length = self.settings.length
        if self.settings.lines:
            batch_of = lines(self.train, batch_size, seed)
        elif self.settings.consecutive:
            batch_of = streams(self.train.tokens, length, batch_size, seed)
        else:
            batch_of = windows(self.train.tokens, length, batch_size, seed)
        time = None if self.settings.lines else length + 1

        def batch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            tokens, goes_on = tf.numpy_function(batch_of, [step], (tf.int32, tf.bool), stateful=False)
            return tf.ensure_shape(tokens, (batch_size, time))[rows], tf.ensure_shape(goes_on, ())

        steps = tf.data.Dataset.counter(start=first_step, dtype=tf.int64)
        return steps.map(batch).prefetch(_PREFETCHED)


Batch = Callable[[int], tuple[np.ndarray, np.bool_]]
"""Step -> its tokens, int32 `[batch, time + 1]`, and whether they go on from those of the step before."""


def windows(tokens: np.ndarray, length: int, batch_size: int, seed: int) -> Batch:
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
        return tokens[begins[:, None] + np.arange(length + 1)], np.False_

    return batch


def streams(tokens: np.ndarray, length: int, batch_size: int, seed: int) -> Batch:
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
        return tokens[begins[:, None] + np.arange(length + 1)], np.bool_(place > 0)

    return batch


def lines(split: TextSplit, batch_size: int, seed: int) -> Batch:
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
        return padded(split, order(epoch)[place]), np.False_

    return batch


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
