"""Sources of labelled texts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import tensorflow as tf

from aigc_tf.data.classes import ClassNames
from aigc_tf.data.labelled.evidence import Evidence
from aigc_tf.data.order import Order, Rows, Tabulated
from aigc_tf.data.source import NO_VALIDATION, Batch, HashedSource, PartName, evenly
from aigc_tf.data.text.order import HELD_OUT_ROWS, by_length
from aigc_tf.data.text.split import PADDING
from aigc_tf.data.text.vocabulary import Vocabulary
from aigc_tf.recipes.labels import LabelSettings

UNLABELLED = -1
"""Label of unlabelled texts."""


@dataclass(frozen=True, eq=False)
class LabelledSplit:
    """Labelled texts for one purpose."""

    texts: Sequence[str]
    labels: np.ndarray
    """int32 `[texts]`, -1 where the label is not used."""
    keys: np.ndarray
    """uint64 `[texts]`, the same for near-duplicates."""
    tokens: Sequence[np.ndarray]
    """int32 tokens of each text: the start token, then up to the maximum length."""
    evidence: np.ndarray | None = None
    """For training texts, float32 `[texts, classes]`: evidence for each text, learnt without its label."""

    def __len__(self) -> int:
        return len(self.texts)

    def only(self, rows: np.ndarray) -> LabelledSplit:
        """Some of the texts, int `[texts]`."""
        texts, tokens = ([values[row] for row in rows] for values in (self.texts, self.tokens))
        evidence = None if self.evidence is None else self.evidence[rows]
        return LabelledSplit(texts, self.labels[rows], self.keys[rows], tokens, evidence)

    def labelled(self) -> LabelledSplit:
        """The texts whose labels are used."""
        return self.only(np.flatnonzero(self.labels != UNLABELLED))

    def batch(self, rows: np.ndarray) -> tuple[np.ndarray, ...]:
        """Tokens int32 `[rows, time]`, padded with -1, labels int32 `[rows]`, and evidence if there is any."""
        evidence = () if self.evidence is None else (self.evidence[rows],)
        return padded_rows([self.tokens[row] for row in rows]), self.labels[rows], *evidence


def padded_rows(rows: Sequence[np.ndarray], length: int | None = None) -> np.ndarray:
    """Rows of tokens as an array int32 `[rows, length]`, padded with -1; by default as long as the longest row."""
    tokens = np.full((len(rows), length or max(map(len, rows))), PADDING, np.int32)
    for row, values in zip(tokens, rows, strict=True):
        row[: len(values)] = values
    return tokens


@dataclass(frozen=True, eq=False, kw_only=True)
class LabelledSource(HashedSource):
    """Texts with their classes."""

    surveyed_by: ClassVar[str] = "aigc_tf.data.labelled.overview:overview"

    settings: LabelSettings
    vocabulary: Vocabulary
    classes: ClassNames
    seed: int
    """Seed for choosing the labels to use."""
    evidence: Evidence | None = None
    """Learnt from the training part; None before."""
    whole: LabelledSplit
    """The training part including the validation part, with all labels."""

    train: LabelledSplit
    validation: LabelledSplit | None = None
    test: LabelledSplit

    @property
    def assets(self) -> dict[str, Any]:
        """`vocabulary`, `classes` and `evidence`."""
        known = {"vocabulary": self.vocabulary, "classes": self.classes, "evidence": self.evidence}
        return {**known, **super().assets}

    @property
    def count(self) -> int:
        """Number of training texts, including unlabelled ones."""
        return len(self.train)

    @property
    def examples(self) -> np.ndarray:
        """The texts with a label."""
        return np.flatnonzero(self.train.labels != UNLABELLED)

    @property
    def labels_of_examples(self) -> np.ndarray:
        """See `Source.labels_of_examples`."""
        return self.train.labels[self.examples]

    @property
    def validation_split(self) -> str:
        """A description of the validation split."""
        if self.validation is None:
            return NO_VALIDATION
        return f"{len(self.validation):,} of the training texts, by content hash, near-duplicates together"

    def validated(self) -> Self:
        """The same source with a validation part: the clusters of near-duplicates with the smallest hashes."""
        cut = self.cut_by_key(lambda rows: self.whole.only(np.flatnonzero(rows)), self.whole.keys)
        return self if cut is self else dataclasses.replace(cut, train=self.with_few_labels(cut.train))

    def with_few_labels(self, split: LabelledSplit) -> LabelledSplit:
        """A split with `per_class` random labels of each class; the others are not used."""
        if self.settings.per_class is None:
            return split
        random = np.random.default_rng(self.seed)
        labels = np.full_like(split.labels, UNLABELLED)
        for number in range(len(self.classes.names)):
            rows = random.permutation(np.flatnonzero(split.labels == number))[: self.settings.per_class]
            labels[rows] = number
        return dataclasses.replace(split, labels=labels)

    def describe(self) -> dict[str, Any]:
        """The description that a run records."""
        return {
            "training texts": len(self.train),
            "of them with a label": int((self.train.labels != UNLABELLED).sum()),
            "validation texts": 0 if self.validation is None else len(self.validation),
            "validation split": self.validation_split,
            "test texts": len(self.test),
            "test split": self.test_split,
            "classes": ", ".join(self.classes.names),
            "unit": self.vocabulary.unit,
            "symbols": len(self.vocabulary),
            "licence": self.licence,
        }

    def inputs(self, part: PartName, count: int) -> list[str]:
        """Texts."""
        split: LabelledSplit = self.part(part)
        return [split.texts[row] for row in evenly(len(split), count)]

    def titles(self, part: PartName, count: int) -> list[str]:
        """Class names."""
        split: LabelledSplit = self.part(part)
        return [
            self.classes.names[split.labels[row]] if split.labels[row] != UNLABELLED else "(no label)"
            for row in evenly(len(split), count)
        ]

    def held_out(self, part: PartName, count: int) -> Iterator[dict[str, np.ndarray]]:
        """Evenly spread texts whose labels are used, batched by similar length: `tokens` and `label`."""
        split: LabelledSplit = self.part(part)
        rows = np.flatnonzero(split.labels != UNLABELLED)
        rows = rows[evenly(len(rows), count)]
        rows = rows[np.argsort([len(split.tokens[row]) for row in rows], kind="stable")]
        for at in range(0, len(rows), HELD_OUT_ROWS):
            tokens, labels, *_ = split.batch(rows[at : at + HELD_OUT_ROWS])
            yield {"tokens": tokens, "label": labels}

    def order(self, batch_size: int, seed: int) -> Order:
        """Each labelled text once per epoch, batched by similar length."""
        rows = self.examples
        order = by_length(np.array([len(self.train.tokens[row]) for row in rows.tolist()], np.int64), batch_size, seed)
        return Tabulated(batch_size, lambda step: (rows[order(step)[0]], np.False_))

    def read(self, rows: Rows, seed: int) -> Batch:
        """`tokens`, int32 `[batch, time]`, -1 is padding, `label`, int32 `[batch]`, and `evidence`.

        The evidence, float32 `[batch, classes]`, was learnt without the text's own label.
        """
        del seed
        kinds = (tf.int32, tf.int32, tf.float32)
        found = tf.numpy_function(self.train.batch, [rows.examples], kinds, stateful=False)
        size = rows.examples.shape[0]
        shapes = {"tokens": (size, None), "label": (size,), "evidence": (size, len(self.classes.names))}
        return {name: tf.ensure_shape(part, shape) for part, (name, shape) in zip(found, shapes.items(), strict=True)}
