"""Hashed words and character n-grams of captions, which need no vocabulary."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np

_WORDS = re.compile(r"\w+")
PARTS = (3, 4)


def grams_of(captions: Sequence[str], length: int, buckets: int) -> np.ndarray:
    """Words and their character n-grams of length 3 and 4 (Bojanowski et al. 2017, §3.2), as hashed ids.

    An n-gram is hashed by CRC-32 of its UTF-8 bytes, which any program can reproduce. Chinese, which has no spaces, is
    split into n-grams of length 1, 3 and 4.

    Args:
        captions: any text.
        length: ids per caption; longer ones are truncated, shorter ones padded with 0.
        buckets: ids range from 1 to this.

    Returns:
        int32 `[captions, length]`.
    """
    rows = np.zeros((len(captions), length), np.int32)
    for row, caption in zip(rows, captions, strict=True):
        numbers = [zlib.crc32(part.encode()) % buckets + 1 for part in parts_of(caption)][:length]
        row[: len(numbers)] = numbers
    return rows


def parts_of(caption: str) -> list[str]:
    """Words in lower case, followed by the characters and n-grams of each, with `<` and `>` at its ends."""
    words = _WORDS.findall(caption.casefold())
    parts = [character for word in words if not word.isascii() for character in word]
    for word in words:
        marked = f"<{word}>"
        parts += [marked[at : at + size] for size in PARTS for at in range(len(marked) - size + 1)]
    return words + parts
