"""What of a generated text stands, letter by letter, in the training text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SPAN = 50  # characters: long enough that two people seldom write the same by chance
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no character is lost modulo 2**64


def copies(texts: Sequence[str], training_text: str, span: int = SPAN) -> tuple[float, int]:
    """How much is copied.

    Args:
        texts: generated ones.
        training_text: all of it.
        span: characters.

    Returns:
        The share of the texts' spans of so many characters that stand in the training text, 0 if no text is so
        long; and the length of the longest copied piece of any text, in characters.
    """
    known = _codes(training_text)
    generated = [_codes(text) for text in texts]
    found = _found(generated, known, span)
    share = float(found.mean()) if len(found) else 0.0
    # If a piece of some length is copied, so are all shorter ones: halve the interval.
    shortest, longest = 0, max(map(len, generated), default=0)
    while shortest < longest:
        middle = (shortest + longest + 1) // 2
        if _found(generated, known, middle).any():
            shortest = middle
        else:
            longest = middle - 1
    return share, shortest


def _found(texts: list[np.ndarray], known: np.ndarray, span: int) -> np.ndarray:
    """For each span of all texts, whether it is in the known one."""
    return np.isin(np.concatenate([_hashes(text, span) for text in [*texts, known[:0]]]), _hashes(known, span))


def _codes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le", errors="replace"), "<u4").astype(np.uint64)


def _hashes(codes: np.ndarray, span: int) -> np.ndarray:
    """A 64-bit number for each span of a text: the polynomial hash of Karp & Rabin 1987, modulo 2**64.

    It is put together of spans of powers of two, so that all of a text's take a few operations over arrays.
    """
    if len(codes) < span:
        return np.zeros(0, np.uint64)
    power, width = codes * _FACTOR ^ (codes << np.uint64(32)), 1  # hashes of all spans of `width`
    total, covered = np.zeros(len(codes) - span + 1, np.uint64), 0
    factor = _FACTOR  # to the power of `width`
    with np.errstate(over="ignore"):
        while covered < span:
            if span & width:
                total = total * factor + power[covered : covered + len(total)]
                covered += width
            if width * 2 <= span:
                power = power[:-width] * factor + power[width:]
                factor = factor * factor
            width *= 2
    return total
