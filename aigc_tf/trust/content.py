"""Filters of what models draw: words of a user's list, and classes that a classifier tells apart."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aigc_tf.data.classes import ClassNames
from aigc_tf.data.files import read_text
from aigc_tf.errors import InputError, UnreadableError

Filter = Callable[[Any], np.ndarray]
"""Whether each of some examples, as a modality has them, is refused: bool `[count]`."""

REFUSED_FROM = 0.2
"""The probability that an example is of a refused class, from which on it is refused."""
_WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Letters of writing that does not part words: Thai, Lao, Khmer, Japanese, Chinese."""


def words_of(path: Path) -> list[str]:
    """The words of a list, one a line; empty lines and those that begin with # are left out.

    Raises:
        InputError: the file cannot be read, or has no words.
    """
    try:
        lines = [line.strip() for line in read_text(path).splitlines()]
    except (UnreadableError, OSError) as error:
        raise InputError(f"{path} cannot be read as a list of words: {error}") from error
    words = [line for line in lines if line and not line.startswith("#")]
    if not words:
        raise InputError(f"{path} lists no words: write one a line")
    return words


def word_filter(words: Sequence[str]) -> Callable[[Sequence[str]], np.ndarray]:
    """A filter of texts in which one of some words or phrases stands, in large or small letters.

    Words are whole ones: "art" is not found in "party", nor "arts". In writing that does not part words, such as
    Chinese, they are found anywhere. Forms of Unicode that look the same are the same (NFKC), and so are all white
    spaces. Other spellings ("a r t", "4rt") and what is said without the word pass.
    """
    pattern = re.compile("|".join(map(_pattern, words)))

    def refuses(texts: Sequence[str]) -> np.ndarray:
        return np.array([pattern.search(_plain(text)) is not None for text in texts], bool)

    return refuses


def _pattern(word: str) -> str:
    plain = _plain(word)
    found = re.escape(plain)
    before = "" if _WITHOUT_SPACES.match(plain[0]) else r"(?<!\w)"
    after = "" if _WITHOUT_SPACES.match(plain[-1]) else r"(?!\w)"
    return before + found + after


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def class_filter(
    probabilities: Callable[[Any], np.ndarray], classes: ClassNames, refused: Sequence[str], at: float = REFUSED_FROM
) -> Filter:
    """A filter of examples that a classifier takes for one of some classes.

    Args:
        probabilities: of each class, float `[count, classes]`, for examples as they are drawn.
        classes: that it tells apart.
        refused: of these, by name or number.
        at: the sum of their probabilities from which on an example is refused. Below 1/2 more examples are refused
            wrongly, and fewer pass wrongly.

    Raises:
        InputError: there is no such class, or all are refused.
    """
    numbers = np.unique(classes.numbers(refused))
    if len(numbers) == len(classes.names):
        raise InputError("all classes are refused: name some of them")
    return lambda values: probabilities(values)[:, numbers].sum(axis=1) >= at
