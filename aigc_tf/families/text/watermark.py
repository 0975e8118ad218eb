"""A watermark in the choice of symbols: which are favoured follows from a key (Kirchenbauer et al. 2023, algorithm 2).

Half of the vocabulary is "green", another half after every few symbols. Writing adds `STRENGTH` to the logits of green
ones; who has the key counts them. The last `CONTEXT` symbols decide, not the last one alone as in the paper: after a
single letter the same few would always be favoured.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

CONTEXT = 4
SHARE = 0.5
"""Of the vocabulary that is green, γ."""
STRENGTH = 2.0
"""What is added to the logits of green symbols, δ."""
FOUND = 4.0
"""A z-score from here on says that a text was written with the key; 3 texts in 100,000 without it reach that."""


def green(key: str, before: Sequence[int], symbols: int) -> np.ndarray:
    """The green symbols after a text, bool `[symbols]`.

    Args:
        key: any text.
        before: the text so far; its last symbols count.
        symbols: in the vocabulary.
    """
    place = ",".join(map(str, before[-CONTEXT:]))
    digest = hashlib.blake2b(place.encode(), digest_size=8, key=hashlib.sha256(key.encode()).digest())
    chosen = np.random.default_rng(int.from_bytes(digest.digest())).permutation(symbols)[: round(SHARE * symbols)]
    found = np.zeros(symbols, bool)
    found[chosen] = True
    return found


class Counted(NamedTuple):
    """What a text shows."""

    z: float
    """Standard deviations by which green symbols are more than chance would make them (equation 3)."""
    green: int
    """Green symbols."""
    symbols: int
    """That were looked at: each of them, with those before, once."""


def count_green(text: Sequence[int], key: str, symbols: int) -> Counted:
    """Count the green symbols of a text.

    Args:
        text: its symbols.
        key: that it may have been written with.
        symbols: in the vocabulary.
    """
    places = {tuple(text[at - CONTEXT : at + 1]) for at in range(CONTEXT, len(text))}  # what repeats says nothing new
    found = sum(bool(green(key, before, symbols)[symbol]) for *before, symbol in places)
    count, share = len(places), round(SHARE * symbols) / symbols
    deviation = math.sqrt(max(count, 1) * share * (1 - share))
    return Counted((found - share * count) / deviation, found, count)
