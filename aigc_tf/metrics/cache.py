"""A per-process cache shared by evaluations: reference features, feature networks, fitted baselines."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Value = TypeVar("Value")

KEPT = 16  # values of one kind, by default


class Cache:
    """Values by kind and key; the latest of each kind are kept."""

    def __init__(self) -> None:
        self._kinds: dict[str, dict[Hashable, Any]] = {}

    def of(self, kind: str, key: Hashable, make: Callable[[], Value], kept: int = KEPT) -> Value:
        """The value of a key, created if missing. Do not write into it.

        Args:
            kind: of the value; keys are separate for each kind.
            key: everything that the value depends on.
            make: computes it.
            kept: maximum number of values of this kind; the oldest is evicted first.
        """
        values = self._kinds.setdefault(kind, {})
        if key not in values:
            made = make()  # before anything is evicted: it may use this cache itself
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
    """Replace the cache of this process and return the previous one: for a fresh start, such as in a test."""
    global _shared
    before, _shared = _shared, cache
    return before
