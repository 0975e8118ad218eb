"""Sources of text pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import tensorflow as tf

from aigc_tf.data.order import Order, Rows, Tabulated
from aigc_tf.data.pairs.files import Pair
from aigc_tf.data.pairs.vocabularies import Vocabularies
from aigc_tf.data.source import NO_VALIDATION, Batch, HashedSource, PartName, evenly
from aigc_tf.data.text.order import HELD_OUT_ROWS, by_length, padded
from aigc_tf.data.text.split import TextSplit


@dataclass(frozen=True, eq=False)
class PairSplit:
    """Pairs for one purpose."""

    pairs: Sequence[Pair]
    """The original texts."""
    clusters: np.ndarray
    """uint64 `[pairs]`, equal for near-duplicates."""
    source: TextSplit
    """Tokenized sources, truncated to the maximum length."""
    target: TextSplit
    """Tokenized targets."""

    def __len__(self) -> int:
        return len(self.pairs)

    @cached_property
    def lengths(self) -> np.ndarray:
        """Lengths of each source and target in tokens, including their ends: int64 `[pairs, 2]`."""
        return np.stack([np.diff(self.source.starts), np.diff(self.target.starts)], axis=1)

    def only(self, rows: np.ndarray) -> PairSplit:
        """Some of the pairs, int `[pairs]`."""
        sides = (side.only(rows) for side in (self.source, self.target))
        return PairSplit([self.pairs[row] for row in rows], self.clusters[rows], *sides)

    def batch(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sources with their ends, and targets between boundary tokens, int32 `[rows, time]`, padded with -1."""
        return padded(self.source, rows)[:, 1:], padded(self.target, rows)


@dataclass(frozen=True, eq=False, kw_only=True)
class PairSource(HashedSource):
    """Tokenized text pairs."""

    surveyed_by: ClassVar[str] = "aigc_tf.data.pairs.overview:overview"

    vocabularies: Vocabularies
    whole: PairSplit
    """The training part including the validation part."""

    train: PairSplit
    validation: PairSplit | None = None
    test: PairSplit

    @property
    def assets(self) -> dict[str, Any]:
        """`vocabularies`."""
        return {"vocabularies": self.vocabularies, **super().assets}

    @property
    def count(self) -> int:
        """Number of training pairs."""
        return len(self.train)

    @property
    def validation_split(self) -> str:
        """A description of the validation split."""
        if self.validation is None:
            return NO_VALIDATION
        return f"{len(self.validation):,} of the training pairs, by content hash, near-duplicates together"

    def validated(self) -> Self:
        """The same source with a validation part: the clusters of near-duplicates with the smallest hashes."""
        return self.cut_by_key(lambda rows: self.whole.only(np.flatnonzero(rows)), self.whole.clusters)

    def describe(self) -> dict[str, Any]:
        """The description that a run records."""
        return {
            "training pairs": len(self.train),
            "validation pairs": 0 if self.validation is None else len(self.validation),
            "validation split": self.validation_split,
            "test pairs": len(self.test),
            "test split": self.test_split,
            "unit": self.vocabularies.source.unit,
            "tokens of sources": len(self.vocabularies.source),
            "tokens of targets": len(self.vocabularies.target),
            "licence": self.licence,
        }

    def pairs(self, part: PartName, count: int) -> list[Pair]:
        """At most `count` pairs of a part, evenly spread."""
        split: PairSplit = self.part(part)
        return [split.pairs[row] for row in evenly(len(split), count)]

    def inputs(self, part: PartName, count: int) -> list[str]:
        """The sources of those pairs."""
        return [pair.source for pair in self.pairs(part, count)]

    def titles(self, part: PartName, count: int) -> list[str]:
        """The sources and the targets of those pairs."""
        return [f"{source}\n-> {target}" for source, target in self.pairs(part, count)]

    def held_out(self, part: PartName, count: int) -> Iterator[dict[str, np.ndarray]]:
        """Evenly spread pairs, batched by similar source length: `source` and `target` as in `read`."""
        split: PairSplit = self.part(part)
        rows = evenly(len(split), count)
        rows = rows[np.argsort(split.lengths[rows, 0], kind="stable")]
        for at in range(0, len(rows), HELD_OUT_ROWS):
            source, target = split.batch(rows[at : at + HELD_OUT_ROWS])
            yield {"source": source, "target": target}

    def order(self, batch_size: int, seed: int) -> Order:
        """Each pair once per epoch, batched by similar source length."""
        return Tabulated(batch_size, by_length(self.train.lengths[:, 0], batch_size, seed))

    def read(self, rows: Rows, seed: int) -> Batch:
        """`source`, int32 `[batch, time]`, with its end, and `target`, int32 `[batch, time + 1]`; -1 is padding."""
        del seed
        kinds = (tf.int32, tf.int32)
        source, target = tf.numpy_function(self.train.batch, [rows.examples], kinds, stateful=False)
        size = rows.examples.shape[0]
        return {"source": tf.ensure_shape(source, (size, None)), "target": tf.ensure_shape(target, (size, None))}
