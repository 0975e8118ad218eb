"""Constrained decoding to known words, so that subwords are never joined to unseen words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from aigc_tf.data.text.vocabulary import BOUNDARY

_END = -1  # in a tree: a word may end here


class KnownWords:
    """The allowed next symbols of a text that consists of known words.

    Args:
        words: symbols of each word, int `[symbols]`, not empty.
        symbols: size of the vocabulary.
        base: further words.
    """

    def __init__(self, words: Iterable[np.ndarray], symbols: int, base: KnownWords | None = None) -> None:
        self.symbols, self.base = symbols, base
        self._tree: dict[int, Any] = {}
        for word in words:
            node = self._tree
            for symbol in word.tolist():
                node = node.setdefault(symbol, {})
            node[_END] = {}

    def _roots(self) -> list[dict[int, Any]]:
        return [self._tree, *(self.base._roots() if self.base else ())]

    def allowed(self, text: Sequence[int]) -> set[int]:
        """Symbols that may follow a text of known words, the last possibly incomplete; `BOUNDARY` ends it."""
        roots = self._roots()
        places = [*roots]  # all parses of the symbols so far
        for symbol in text:
            places = [place[symbol] for place in places if symbol in place]
            if any(_END in place for place in places):
                places += roots
        found = {symbol for place in places for symbol in place if symbol != _END}
        ends = not text or any(place is root for place in places for root in roots)
        return found | ({BOUNDARY} if ends else set())

    def ruled_out(self, text: Sequence[int], also: Sequence[int]) -> np.ndarray:
        """All other symbols, and `also`, int64; if nothing were left, the end is allowed."""
        left = np.zeros(self.symbols, bool)
        left[list(self.allowed(text))] = True
        left[list(also)] = False
        if not left.any():
            left[BOUNDARY] = True
        return np.flatnonzero(~left)
