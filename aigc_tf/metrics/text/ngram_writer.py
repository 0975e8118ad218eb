"""A generative n-gram: the baseline of generated designs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

ORDER = 6
_START, _END = "\x02", "\x03"


class NGramWriter:
    """Samples each character with its frequency after the same five characters in the training texts.

    No smoothing: unseen continuations would make designs worse, and all sampled contexts have been seen.

    Args:
        texts: to learn from.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for text in texts:
            line = _START * (ORDER - 1) + text + _END
            for at in range(len(text) + 1):
                counts[line[at : at + ORDER - 1]][line[at + ORDER - 1]] += 1
        self._table = {context: ([*found], np.cumsum([*found.values()])) for context, found in counts.items()}

    def write(self, count: int, length: int, seed: int) -> list[str]:
        """`count` texts of at most `length` characters."""
        random = np.random.default_rng(seed)
        return [self._text(length, random) for _ in range(count)]

    def _text(self, length: int, random: np.random.Generator) -> str:
        line = _START * (ORDER - 1)
        while len(line) < length + ORDER - 1:
            symbols, ends = self._table[line[1 - ORDER :]]
            symbol = symbols[int(np.searchsorted(ends, random.random() * ends[-1], side="right"))]
            if symbol == _END:
                break
            line += symbol
        return line[ORDER - 1 :]
