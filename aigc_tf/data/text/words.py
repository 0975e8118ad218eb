"""Splits text into words, for counting and comparing; vocabularies have their own tokens."""

from __future__ import annotations

import re

# A word of letters and digits, or one character of scripts without spaces; punctuation is a word in glosses.
_WORDS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+|[^\w\s]")


def words(text: str) -> list[str]:
    """The words of a text; Chinese characters and punctuation one by one."""
    return _WORDS.findall(text)
