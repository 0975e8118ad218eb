"""Content filters for generated examples: a list of words, and classes predicted by a classifier."""

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
"""A filter: examples of a modality -> whether each one is rejected, bool `[count]`."""

REFUSED_FROM = 0.2
"""The probability of a rejected class at which an example is rejected."""
_WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Letters of scripts without spaces between words: Thai, Lao, Khmer, Japanese, Chinese."""


def words_of(path: Path) -> list[str]:
    """Read a list of words, one per line, without empty lines and comments that begin with #.

    Raises:
        InputError: the file cannot be read, or contains no words.
    """
    try:
        lines = [line.strip() for line in read_text(path).splitlines()]
    except (UnreadableError, OSError) as error:
        raise InputError(f"{path} cannot be read as a list of words: {error}") from error
    words = [line for line in lines if line and not line.startswith("#")]
    if not words:
        raise InputError(f"{path} lists no words: write one per line")
    return words


def word_filter(words: Sequence[str]) -> Callable[[Sequence[str]], np.ndarray]:
    """A filter of texts that contain one of some words or phrases, regardless of case.

    Only whole words match: "art" matches neither "party" nor "arts". In scripts without spaces between words, such as
    Chinese, words match anywhere. Unicode forms that look the same (NFKC) are equal, and so is all white space. Other
    spellings ("a r t", "4rt") and paraphrases pass.
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
    """A filter of examples that a classifier assigns to some classes.

    Args:
        probabilities: predicts class probabilities, float `[count, classes]`, for generated examples.
        classes: the classifier's classes.
        refused: the classes to reject, by name or number.
        at: threshold on the sum of their probabilities at which an example is rejected. Below 1/2 more examples are
            rejected by mistake, and fewer pass by mistake.

    Raises:
        InputError: there is no such class, or all are rejected.
    """
    numbers = np.unique(classes.numbers(refused))
    if len(numbers) == len(classes.names):
        raise InputError("all classes are refused: name some of them")
    return lambda values: probabilities(values)[:, numbers].sum(axis=1) >= at
