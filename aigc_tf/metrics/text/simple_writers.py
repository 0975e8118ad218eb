"""The simpler methods that stand beside a model from text to text: each makes a text for each source."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from aigc_tf.data.pairs.files import Pair
from aigc_tf.metrics.text.ibm1 import WordTranslation
from aigc_tf.metrics.text.packages import imported

FIRST_WORDS = 12
# A word of letters and digits, or one character of scripts without spaces; punctuation is a word in a gloss.
_WORDS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+|[^\w\s]")
_SENTENCE = re.compile(r".+?[.!?。！？](?=\s|$)", re.DOTALL)

Writes = Callable[[Sequence[Pair], Sequence[str]], list[str]]
"""Training pairs and sources -> a text for each source."""


class Method(NamedTuple):
    """A simple method."""

    name: str
    """In reports."""
    write: Writes


def words(text: str) -> list[str]:
    """The words of a text, Chinese characters and punctuation one by one."""
    return _WORDS.findall(text)


def is_spaced(text: str) -> bool:
    """Whether most of a text is written with spaces between words."""
    dense = sum("\u3040" <= letter <= "\u30ff" or "\u3400" <= letter <= "\u9fff" for letter in text)
    return 2 * dense < max(1, sum(letter.isalpha() for letter in text))


def first_sentence(pairs: Sequence[Pair], sources: Sequence[str]) -> list[str]:
    """Up to the first full stop, question or exclamation mark."""
    del pairs
    return [found[0].strip() if (found := _SENTENCE.match(text)) else text for text in sources]


def first_words(pairs: Sequence[Pair], sources: Sequence[str]) -> list[str]:
    """Of the first sentence the first 12 words."""
    return [" ".join(text.split()[:FIRST_WORDS]) for text in first_sentence(pairs, sources)]


def nearest(pairs: Sequence[Pair], sources: Sequence[str]) -> list[str]:
    """The target of the training pair whose source has the largest cosine of TF-IDF weights (Salton & Buckley 1988)."""
    library = imported("sklearn.feature_extraction.text", "scikit-learn")

    def lowered(text: str) -> list[str]:
        return words(text.casefold())

    weigh = library.TfidfVectorizer(analyzer=lowered, sublinear_tf=True)
    known = weigh.fit_transform([pair.source for pair in pairs])
    asked = weigh.transform(sources)
    found: list[str] = []
    for at in range(0, len(sources), 200):
        likeness = (asked[at : at + 200] @ known.T).toarray()
        found += [pairs[row].target for row in np.argmax(likeness, axis=1)]
    return found


def ibm1(pairs: Sequence[Pair], sources: Sequence[str]) -> list[str]:
    """Each word's likeliest translation, in the order of the source."""
    table = WordTranslation([words(pair.source.casefold()) for pair in pairs], [words(pair.target) for pair in pairs])
    between = " " if is_spaced("".join(pair.target for pair in pairs[:1000])) else ""
    return [between.join(table.gloss(words(text.casefold()))) for text in sources]


METHODS: Mapping[str, Method] = {
    "first_sentence": Method("first sentence", first_sentence),
    "first_words": Method(f"its first {FIRST_WORDS} words", first_words),
    "nearest": Method("nearest training pair", nearest),
    "ibm1": Method("IBM model 1", ibm1),
}
