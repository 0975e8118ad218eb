"""Sources of text."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import tensorflow as tf

from aigc_tf.data.order import Order, Rows, Tabulated
from aigc_tf.data.source import NO_VALIDATION, Batch, HashedSource, PartName, evenly
from aigc_tf.data.text.order import HELD_OUT_ROWS, lines, padded, streams, windows, windows_of
from aigc_tf.data.text.split import MIN_DOCUMENTS, TextSplit, TokenWriter, at_end, by_document
from aigc_tf.data.text.vocabulary import Vocabulary
from aigc_tf.errors import InputError
from aigc_tf.recipes.text import TextSettings


@dataclass(frozen=True, eq=False, kw_only=True)
class TextSource(HashedSource):
    """Tokenized text."""

    surveyed_by: ClassVar[str] = "aigc_tf.data.text.overview:overview"

    settings: TextSettings
    vocabulary: Vocabulary
    uncut: TextSplit | None = None
    """The training part including the validation part; None if none was split off."""

    train: TextSplit
    validation: TextSplit | None = None
    test: TextSplit

    @property
    def assets(self) -> dict[str, Any]:
        """`vocabulary`."""
        return {"vocabulary": self.vocabulary, **super().assets}

    @property
    def count(self) -> int:
        """Number of training documents."""
        return self.train.documents

    @property
    def validation_split(self) -> str:
        """A description of the validation split."""
        if self.validation is None:
            return NO_VALIDATION
        if self.validation.is_end:
            return f"the last {self.validation.symbols:,} tokens of the training text"
        return f"{self.validation.documents:,} of the training documents, by content hash"

    @property
    def training(self) -> TextSplit:
        """The training part including the validation part."""
        return self.uncut or self.train

    def validated(self) -> Self:
        """The same source with a validation part: some documents by hash, or with few documents the end of the text.

        Both sides keep the vocabulary of the whole training part.
        """
        whole = self.training
        single = self.settings.lines or whole.documents >= MIN_DOCUMENTS
        found = by_document(whole, whole.keys(), TokenWriter()) if single else at_end(whole)
        if found is None:
            return self
        return dataclasses.replace(self, train=found.train, validation=found.validation, uncut=found.whole)

    def describe(self) -> dict[str, Any]:
        """The description that a run records."""
        return {
            "training characters": self.train.characters,
            "validation characters": 0 if self.validation is None else self.validation.characters,
            "validation split": self.validation_split,
            "test characters": self.test.characters,
            "test split": self.test_split,
            "documents": self.training.documents + self.test.documents,
            "unit": self.vocabulary.unit,
            "symbols": len(self.vocabulary),
            "licence": self.licence,
        }

    def inputs(self, part: PartName, count: int) -> Any:
        """Texts as model inputs; see `texts`."""
        return self.texts(part, count)

    def texts(self, part: PartName, count: int) -> list[str]:
        """At most `count` documents, or for text without document ends pieces of the network's window length."""
        split: TextSplit = self.part(part)
        if self.vocabulary.end is not None:
            chosen = evenly(split.documents, count)
            return [self.vocabulary.decode(split.document(index)) for index in chosen]
        length = self.settings.length
        starts = evenly(max(1, split.symbols // length), count) * length + 1
        return [self.vocabulary.decode(split.tokens[start : start + length]) for start in starts]

    def titles(self, part: PartName, count: int) -> list[str] | None:
        """The texts themselves."""
        return self.texts(part, count)

    def held_out(self, part: PartName, count: int) -> Iterator[dict[str, np.ndarray]]:
        """Evenly spread lines, or non-overlapping windows: `tokens`, and `continues`, which is false."""
        split: TextSplit = self.part(part)
        if self.settings.lines:
            chosen = evenly(split.documents, count)
            for at in range(0, len(chosen), HELD_OUT_ROWS):
                yield {"tokens": padded(split, chosen[at : at + HELD_OUT_ROWS]), "continues": np.array(False)}
            return
        for tokens in windows_of(split.tokens, self.settings.length, count):
            yield {"tokens": tokens, "continues": np.array(False)}

    @property
    def examples(self) -> np.ndarray:
        """Lines, or the starts of non-overlapping windows; see `Source.examples`."""
        if self.settings.lines:
            return np.arange(self.train.documents, dtype=np.int64)
        if self.settings.consecutive:
            raise InputError("text.consecutive reads on from batch to batch: turn it off to divide the text")
        return np.arange(0, len(self.train.tokens) - self.settings.length, self.settings.length, dtype=np.int64)

    def order(self, batch_size: int, seed: int) -> Order:
        """Lines, parallel streams, or windows, as the settings say.

        Raises:
            InputError: there is less text than in one batch.
        """
        length = self.settings.length
        if self.settings.lines:
            return Tabulated(batch_size, lines(self.train, batch_size, seed))
        if self.settings.consecutive:
            return Tabulated(batch_size, streams(self.train.tokens, length, batch_size, seed))
        return Tabulated(batch_size, windows(self.train.tokens, length, batch_size, seed))

    def read(self, rows: Rows, seed: int) -> Batch:
        """`tokens`, int32 `[batch, time + 1]`: inputs and, shifted by one, targets, padded with -1; and `continues`.

        `continues`, bool `[]`, says whether the rows continue those of the previous step.
        """
        length, settings = self.settings.length, self.settings
        # Batches of varying size are padded to the same length, whichever lines are sampled.
        longest = length + 2 if self.poisson else None

        def tokens_at(examples: np.ndarray) -> np.ndarray:
            if settings.lines:
                return padded(self.train, examples, longest)
            return self.train.tokens[examples[:, None] + np.arange(length + 1)].astype(np.int32)

        time = longest if settings.lines else length + 1
        tokens = tf.numpy_function(tokens_at, [rows.examples], tf.int32, stateful=False)
        return {"tokens": tf.ensure_shape(tokens, (rows.examples.shape[0], time)), "continues": rows.continues}
