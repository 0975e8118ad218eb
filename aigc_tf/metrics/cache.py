"""What evaluations of one process share: reference features, feature networks, fitted baselines."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Value = TypeVar("Value")

KEPT = 16  # of one kind, unless a caller says otherwise


class Cache:
    """Values by kind and key; of each kind the latest are kept."""

    def __init__(self) -> None:
        self._kinds: dict[str, dict[Hashable, Any]] = {}

    def of(self, kind: str, key: Hashable, make: Callable[[], Value], kept: int = KEPT) -> Value:
        """The value of a key; made if it is not there. Do not write into it.

        Args:
            kind: of the value: keys of different kinds have nothing to do with each other.
            key: everything that the value depends on.
            make: computes it.
            kept: how many values of this kind stay, at most; the oldest goes first.
        """
        values = self._kinds.setdefault(kind, {})
        if key not in values:
            made = make()  # before anything is dropped: it may use this cache itself
            while len(values) >= kept:
                del values[next(iter(values))]
            values[key] = made
        return values[key]

    def count(self, kind: str) -> int:
        """How many values of a kind are kept."""
        return len(self._kinds.get(kind, {}))


_shared = Cache()


def shared() -> Cache:
    """The cache of this process."""
    return _shared


def replace(cache: Cache) -> Cache:
    """Make another cache that of this process, and return the one before: for a fresh start, such as in a test."""
    global _shared
    before, _shared = _shared, cache
    return before
