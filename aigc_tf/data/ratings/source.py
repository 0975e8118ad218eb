"""Sources of ratings."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import tensorflow as tf

from aigc_tf.data.order import Order, Rows, Shuffled
from aigc_tf.data.ratings.interactions import Users, held_out, learnt_from, shuffled_by_hash, user_keys
from aigc_tf.data.ratings.items import Items
from aigc_tf.data.source import NO_VALIDATION, Batch, HashedSource, PartName, evenly, held_out_by_key, validation_count

HELD_OUT_ROWS = 100  # users per batch
_MIN_VALIDATION = 50  # with fewer users the choice of settings would be unreliable


@dataclass(frozen=True, eq=False, kw_only=True)
class RatingSource(HashedSource):
    """Users and the items that each one likes."""

    surveyed_by: ClassVar[str] = "aigc_tf.data.ratings.overview:overview"

    items: Items

    train: Users
    validation: Users | None = None
    test: Users

    @property
    def assets(self) -> dict[str, Any]:
        """`items`."""
        return {"items": self.items, **super().assets}

    @property
    def count(self) -> int:
        """Number of training users."""
        return len(self.train)

    @property
    def validation_split(self) -> str:
        """A description of the validation split."""
        if self.validation is None:
            return NO_VALIDATION
        return f"{len(self.validation):,} of the training users, by a hash; 80 % of what each likes is given"

    def validated(self) -> Self:
        """The same source with a validation part: 5 % of the training users, or 50 if there are hundreds."""
        whole = self.train
        room = max(validation_count(len(whole)), min(_MIN_VALIDATION, len(whole) // 10))
        chosen = held_out_by_key(user_keys(whole.names, "validation"), room)
        if not chosen.any():
            return self
        users = whole.only(np.flatnonzero(chosen))
        validation = held_out(users.names, rows_by_hash(users.names, self.items.ids, users.liked), len(self.items))
        left = whole.only(np.flatnonzero(~chosen))
        return dataclasses.replace(self, train=learnt_from(left.names, left.given), validation=validation)

    def describe(self) -> dict[str, Any]:
        """The description that a run records."""
        return {
            "training users": len(self.train),
            "what they like": int(self.train.liked.nnz),
            "validation users": 0 if self.validation is None else len(self.validation),
            "validation split": self.validation_split,
            "test users": len(self.test),
            "test split": self.test_split,
            "items": len(self.items),
            "cold items": len(self.items.cold),
            "licence": self.licence,
        }

    def inputs(self, part: PartName, count: int) -> list[np.ndarray]:
        """The input items of users: item numbers, int32 `[liked]` each."""
        users: Users = self.part(part)
        return [users.liked[row].indices.astype(np.int32) for row in evenly(len(users), count).tolist()]

    def titles(self, part: PartName, count: int) -> list[str]:
        """User names."""
        users: Users = self.part(part)
        return [f"user {users.names[row]}" for row in evenly(len(users), count)]

    def held_out(self, part: PartName, count: int) -> Iterator[dict[str, np.ndarray]]:
        """Evenly spread users: `liked` and `asked`, float32 `[users, items]` of ones and zeros."""
        users: Users = self.part(part)
        rows = evenly(len(users), count)
        for at in range(0, len(rows), HELD_OUT_ROWS):
            chosen = rows[at : at + HELD_OUT_ROWS]
            yield {"liked": users.liked[chosen].toarray(), "asked": users.asked[chosen].toarray()}

    def order(self, batch_size: int, seed: int) -> Order:
        """Each user once per epoch; if there are fewer than a batch, a batch is all of them."""
        return Shuffled(self.count, min(batch_size, self.count), seed)

    def read(self, rows: Rows, seed: int) -> Batch:
        """`liked`, float32 `[batch, items]` of ones and zeros, and `rated`, with values below 1 for low ratings.

        Matrices are sparse in memory, and dense in a batch.
        """
        del seed
        given = self.train.given

        def dense(users: np.ndarray) -> np.ndarray:
            return np.asarray(given[users].toarray(), np.float32)

        found = tf.numpy_function(dense, [rows.examples], tf.float32, stateful=False)
        rated = tf.ensure_shape(found, (rows.examples.shape[0], len(self.items)))
        return {"liked": tf.cast(rated == 1, tf.float32), "rated": rated}


def rows_by_hash(names: Sequence[str], ids: Sequence[str], liked: Any) -> list[np.ndarray]:
    """Each user's items in the order of hashes; `liked` is CSR `[users, items]`."""
    return [shuffled_by_hash(name, ids, liked[row].indices) for row, name in enumerate(names)]
