"""Baselines of text-to-text models: each writes a text for each source."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from aigc_tf.data.pairs.files import Pair
from aigc_tf.data.text.words import words
from aigc_tf.metrics.text.ibm1 import WordTranslation
from aigc_tf.optional import needed

FIRST_WORDS = 12
_SENTENCE = re.compile(r".+?[.!?。！？](?=\s|$)", re.DOTALL)

Writes = Callable[[Sequence[Pair], Sequence[str]], list[str]]
"""Training pairs and sources -> a text for each source."""


class Method(NamedTuple):
    """A simple method."""

    name: str
    """Name in reports."""
    write: Writes


def is_spaced(text: str) -> bool:
    """Whether most of a text is written with spaces between words."""
    dense = sum("\u3040" <= letter <= "\u30ff" or "\u3400" <= letter <= "\u9fff" for letter in text)
    return 2 * dense < max(1, sum(letter.isalpha() for letter in text))


def first_sentence(pairs: Sequence[Pair], sources: Sequence[str]) -> list[str]:
    """The first sentence: up to the first full stop, question or exclamation mark."""
    del pairs
    return [found[0].strip() if (found := _SENTENCE.match(text)) else text for text in sources]


def first_words(pairs: Sequence[Pair], sources: Sequence[str]) -> list[str]:
    """The first 12 words of the first sentence."""
    return [" ".join(text.split()[:FIRST_WORDS]) for text in first_sentence(pairs, sources)]


def nearest(pairs: Sequence[Pair], sources: Sequence[str]) -> list[str]:
    """The target of the training pair with the most similar source; see `nearest_texts`."""
    return [pairs[row].target for row in nearest_texts([pair.source for pair in pairs], sources).tolist()]


def nearest_texts(known: Sequence[str], asked: Sequence[str]) -> np.ndarray:
    """Indices of the known texts with the highest TF-IDF cosine (Salton & Buckley 1988): int64 `[asked]`."""
    library = needed(
        "sklearn.feature_extraction.text", to="find the nearest text", extra="pairs", package="scikit-learn"
    )

    def lowered(text: str) -> list[str]:
        return words(text.casefold())

    weigh = library.TfidfVectorizer(analyzer=lowered, sublinear_tf=True)
    weights, wanted = weigh.fit_transform(known), weigh.transform(asked)
    found = np.empty(len(asked), np.int64)
    for at in range(0, len(asked), 200):
        found[at : at + 200] = np.argmax((wanted[at : at + 200] @ weights.T).toarray(), axis=1)
    return found


def ibm1(pairs: Sequence[Pair], sources: Sequence[str]) -> list[str]:
    """Each word's most probable translation, in the order of the source."""
    table = WordTranslation([words(pair.source.casefold()) for pair in pairs], [words(pair.target) for pair in pairs])
    between = " " if is_spaced("".join(pair.target for pair in pairs[:1000])) else ""
    return [between.join(table.gloss(words(text.casefold()))) for text in sources]


METHODS: Mapping[str, Method] = {
    "first_sentence": Method("first sentence", first_sentence),
    "first_words": Method(f"its first {FIRST_WORDS} words", first_words),
    "nearest": Method("nearest training pair", nearest),
    "ibm1": Method("IBM model 1", ibm1),
}
