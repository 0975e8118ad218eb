"""Words that may be written, as sequences of symbols: subwords cannot be joined to words that nobody has seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from aigc_tf.data.text.vocabulary import BOUNDARY

_END = -1  # in a tree: a word may end here


class KnownWords:
    """What may come next in a text that is made of known words.

    Args:
        words: symbols of each, int `[symbols]`, not empty.
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
        """Symbols that may come after a text of known words, or parts of one at its end; `BOUNDARY` ends it."""
        roots = self._roots()
        places = [*roots]  # all that the symbols read so far can be
        for symbol in text:
            places = [place[symbol] for place in places if symbol in place]
            if any(_END in place for place in places):
                places += roots
        found = {symbol for place in places for symbol in place if symbol != _END}
        ends = not text or any(place is root for place in places for root in roots)
        return found | ({BOUNDARY} if ends else set())

    def ruled_out(self, text: Sequence[int], also: Sequence[int]) -> np.ndarray:
        """All other symbols, and `also`, int64; if nothing would be left, the end may come."""
        left = np.zeros(self.symbols, bool)
        left[list(self.allowed(text))] = True
        left[list(also)] = False
        if not left.any():
            left[BOUNDARY] = True
        return np.flatnonzero(~left)
