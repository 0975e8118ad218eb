"""Sources of table rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import tensorflow as tf

from aigc_tf.data.order import Order, Rows, Shuffled
from aigc_tf.data.source import (
    NO_VALIDATION,
    Batch,
    HashedSource,
    PartName,
    evenly,
    held_out_by_key,
    validation_count,
    validation_keys,
)
from aigc_tf.data.tables.sampling import ByCondition
from aigc_tf.data.tables.scheme import Scheme
from aigc_tf.errors import InputError

_MIN_VALIDATION = 50  # with fewer rows the choice of settings would be unreliable


@dataclass(frozen=True, eq=False, kw_only=True)
class TableSource(HashedSource):
    """Rows of a table: values in the form of `Scheme`, float64 `[rows, columns]` in each part."""

    surveyed_by: ClassVar[str] = "aigc_tf.data.tables.overview:overview"

    scheme: Scheme
    target: int
    """The target column that is predicted from the others in evaluations."""
    by_condition: bool = False
    """Sample training rows by category, if there are categories; see `ByCondition`."""

    train: np.ndarray
    validation: np.ndarray | None = None
    test: np.ndarray

    @property
    def assets(self) -> dict[str, Any]:
        """`scheme`."""
        return {"scheme": self.scheme, **super().assets}

    @property
    def count(self) -> int:
        """Number of training rows."""
        return len(self.train)

    @cached_property
    def encoded(self) -> np.ndarray:
        """The encoded training rows, float32 `[rows, width]`."""
        return self.scheme.encode(self.train)

    @property
    def validation_split(self) -> str:
        """A description of the validation split."""
        return NO_VALIDATION if self.validation is None else f"{len(self.validation):,} of the training rows, by a hash"

    def validated(self) -> Self:
        """The same source with a validation part: 5 % of the training rows, or 50 if there are hundreds."""
        room = max(validation_count(len(self.train)), min(_MIN_VALIDATION, len(self.train) // 10))
        chosen = held_out_by_key(validation_keys(self.train), room)
        return dataclasses.replace(self, train=self.train[~chosen], validation=self.train[chosen])

    def describe(self) -> dict[str, Any]:
        """The description that a run records."""
        return {
            "training rows": len(self.train),
            "validation rows": 0 if self.validation is None else len(self.validation),
            "validation split": self.validation_split,
            "test rows": len(self.test),
            "test split": self.test_split,
            "columns": len(self.scheme.columns),
            "licence": self.licence,
        }

    def inputs(self, part: PartName, count: int) -> np.ndarray:
        """Cells of at most `count` rows, an object array `[rows, columns]`."""
        values = self.part(part)
        return self.scheme.cells(values[evenly(len(values), count)])

    def held_out(self, part: PartName, count: int) -> Iterator[dict[str, np.ndarray]]:
        """Evenly spread rows: `row`, encoded, float32 `[rows, width]`."""
        values = self.part(part)
        yield {"row": self.scheme.encode(values[evenly(len(values), count)])}

    def order(self, batch_size: int, seed: int) -> Order:
        """Each row once per epoch, or rows by condition."""
        if self.draws_by_condition:
            return ByCondition(self.scheme, self.train, batch_size, seed)
        return Shuffled(self.count, batch_size, seed)

    @property
    def examples(self) -> np.ndarray:
        """See `Source.examples`."""
        if self.draws_by_condition:
            raise InputError("rows are sampled by category, which needs all rows: they cannot be divided")
        return super().examples

    @property
    def draws_by_condition(self) -> bool:
        """Whether batches have conditions."""
        return self.by_condition and bool(self.scheme.categories)

    def read(self, rows: Rows, seed: int) -> Batch:
        """`row`, float32 `[batch, width]`, and if rows are sampled by condition `condition`, of ones and zeros.

        `condition`, `[batch, conditions]`, is one for the category by which the row was sampled.
        """
        del seed
        encoded, scheme = tf.constant(self.encoded), self.scheme
        if not self.draws_by_condition:
            return {"row": tf.gather(encoded, rows.examples)}
        known = len(scheme.categories)
        row = tf.gather(encoded, rows.examples // known)
        places = [scheme.starts[at] + name for at in scheme.categories for name in range(scheme.sizes[at])]
        owners = np.repeat(np.arange(known), [scheme.sizes[at] for at in scheme.categories])
        asked = tf.cast((rows.examples % known)[:, None] == tf.constant(owners, tf.int64), tf.float32)
        return {"row": row, "condition": tf.gather(row, tf.constant(places), axis=1) * asked}
