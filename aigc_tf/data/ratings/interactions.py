"""User-item interactions as sparse matrices, with the input and target items of held-out users."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

GIVEN_SHARE = 0.8
"""Share of a held-out user's items given as input; the rest is to be predicted (Liang et al. 2018, §4.2)."""


@dataclass(frozen=True, eq=False)
class Users:
    """Users, and the items that each one likes."""

    names: tuple[str, ...]
    given: Any
    """CSR float32 `[users, items]` of ones: the model's input for each user; for training users also values below 1 for
    low ratings."""
    asked: Any
    """The same for the items to predict; no item is in both."""

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def liked(self) -> Any:
        """CSR float32 `[users, items]` of ones: the liked items in the input."""
        ones = self.given.copy()
        ones.data = (ones.data == 1).astype(np.float32)
        ones.eliminate_zeros()
        return ones

    def only(self, rows: np.ndarray) -> Users:
        """A subset of the users, int `[users]`."""
        return Users(tuple(self.names[row] for row in rows), self.given[rows], self.asked[rows])


def learnt_from(names: Sequence[str], given: Any) -> Users:
    """Users with all their items as input."""
    return Users(tuple(names), given, sparse.csr_matrix(given.shape, dtype=np.float32))


def held_out(names: Sequence[str], rows: Sequence[np.ndarray], items: int) -> Users:
    """Held-out users: of the items of each, in their order, the first 80 % are input and the rest is to be predicted.

    Args:
        names: user names.
        rows: item numbers of each user; users with fewer than two are left out.
        items: number of items.
    """
    kept, given, asked = [], [], []
    for name, row in zip(names, rows, strict=True):
        if len(row) > 1:
            cut = min(max(1, round(GIVEN_SHARE * len(row))), len(row) - 1)
            kept.append(name)
            given.append(row[:cut])
            asked.append(row[cut:])
    return Users(tuple(kept), matrix_of(given, items), matrix_of(asked, items))


def matrix_of(rows: Sequence[np.ndarray], items: int) -> Any:
    """CSR float32 `[rows, items]` with ones at each row's item numbers."""
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows], dtype=np.int64)])
    columns = np.concatenate([np.sort(row) for row in rows]) if len(rows) else np.zeros(0, np.int32)
    ones = np.ones(len(columns), np.float32)
    return sparse.csr_matrix((ones, columns.astype(np.int32), starts), shape=(len(rows), items))


def user_keys(names: Sequence[str], purpose: str) -> np.ndarray:
    """Hashes of users that determine the split: uint64 `[users]`.

    Args:
        names: user names.
        purpose: different purposes get different hashes.
    """
    return np.array([_hash(f"{purpose} {name}") for name in names], np.uint64)


def shuffled_by_hash(name: str, ids: Sequence[str], row: np.ndarray) -> np.ndarray:
    """A user's items, int `[liked]`, in pseudo-random order by a hash with the user's name."""
    return row[np.argsort(np.array([_hash(f"{name} {ids[item]}") for item in row], np.uint64), kind="stable")]


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8, person=b"ratings").digest())
