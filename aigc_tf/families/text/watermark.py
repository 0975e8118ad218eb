"""A watermark in generated text, by favouring symbols that depend on a key (Kirchenbauer et al. 2023, algorithm 2).

A pseudo-random half of the vocabulary is "green", which changes with every symbol. Generation adds `STRENGTH` to the
logits of green symbols; whoever has the key can count them. The last `CONTEXT` symbols are hashed, not just the last
one as in the paper: after a single letter, the same few would always be favoured.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

CONTEXT = 4
SHARE = 0.5
"""Share of the vocabulary that is green, γ."""
STRENGTH = 2.0
"""Added to the logits of green symbols, δ."""
FOUND = 4.0
"""Detection threshold of the z-score; 3 in 100,000 texts without the watermark reach it."""


def green(key: str, before: Sequence[int], symbols: int) -> np.ndarray:
    """The green symbols after a text, bool `[symbols]`.

    Args:
        key: secret key, any text.
        before: the text so far, of which the last symbols are hashed.
        symbols: in the vocabulary.
    """
    place = ",".join(map(str, before[-CONTEXT:]))
    digest = hashlib.blake2b(place.encode(), digest_size=8, key=hashlib.sha256(key.encode()).digest())
    chosen = np.random.default_rng(int.from_bytes(digest.digest())).permutation(symbols)[: round(SHARE * symbols)]
    found = np.zeros(symbols, bool)
    found[chosen] = True
    return found


class Counted(NamedTuple):
    """The watermark statistics of a text."""

    z: float
    """z-score: excess of green symbols over chance in standard deviations (equation 3)."""
    green: int
    """Number of green symbols."""
    symbols: int
    """Number of scored symbols, each context counted once."""


def count_green(text: Sequence[int], key: str, symbols: int) -> Counted:
    """Count the green symbols of a text.

    Args:
        text: its symbols.
        key: of the watermark to detect.
        symbols: in the vocabulary.
    """
    places = {tuple(text[at - CONTEXT : at + 1]) for at in range(CONTEXT, len(text))}  # repetitions add no evidence
    found = sum(bool(green(key, before, symbols)[symbol]) for *before, symbol in places)
    count, share = len(places), round(SHARE * symbols) / symbols
    deviation = math.sqrt(max(count, 1) * share * (1 - share))
    return Counted((found - share * count) / deviation, found, count)
