"""Captions as numbers: words and what they are made of, hashed, so that no vocabulary has to be kept."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

import numpy as np

_WORDS = re.compile(r"\w+")
PARTS = (3, 4)


def grams_of(captions: Sequence[str], length: int, buckets: int) -> np.ndarray:
    """Words, and their parts of 3 and 4 characters (Bojanowski et al. 2017, §3.2), as numbers.

    A part is hashed by CRC-32 of its UTF-8 bytes, so that any program can do the same. Chinese, which has no spaces, is
    read in parts of 3 and 4 characters, and in single ones.

    Args:
        captions: of any text.
        length: numbers of a caption; what is beyond is left out, and what is missing is 0.
        buckets: numbers go from 1 to this.

    Returns:
        int32 `[captions, length]`.
    """
    rows = np.zeros((len(captions), length), np.int32)
    for row, caption in zip(rows, captions, strict=True):
        numbers = [zlib.crc32(part.encode()) % buckets + 1 for part in parts_of(caption)][:length]
        row[: len(numbers)] = numbers
    return rows


def parts_of(caption: str) -> list[str]:
    """Words first, in small letters, then the characters and the parts of each, `<` and `>` at its ends."""
    words = _WORDS.findall(caption.casefold())
    parts = [character for word in words if not word.isascii() for character in word]
    for word in words:
        marked = f"<{word}>"
        parts += [marked[at : at + size] for size in PARTS for at in range(len(marked) - size + 1)]
    return words + parts
