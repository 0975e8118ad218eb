"""The captions of the training pictures: as numbers, and what they are called in the first place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from aigc_tf.data.assets import Asset
from aigc_tf.data.pairs.vocabularies import begun
from aigc_tf.data.text.vocabulary import BOUNDARY, UNKNOWN, Vocabulary, merges_of
from aigc_tf.errors import InputError, printable, say

MAX_KNOWN = 5000


@dataclass(frozen=True, eq=False)
class Captions(Asset):
    """What a model knows of captions."""

    vocabulary: Vocabulary
    length: int
    """Symbols that are read of a caption."""
    known: tuple[str, ...]
    """Training captions, at most `MAX_KNOWN`, evenly spread: what models choose among, and draw by, if nothing else is
    asked for."""

    def numbers(self, texts: Sequence[str]) -> np.ndarray:
        """Captions as networks read them: int32 `[texts, length]`, the boundary after the end; longer ones are cut."""
        rows = np.full((len(texts), self.length), BOUNDARY, np.int32)
        if not texts:
            return rows
        tokens, lengths = self.vocabulary.encode_all([begun(plain(text), self.vocabulary.unit) for text in texts])
        for row, found in zip(rows, np.split(tokens, np.cumsum(lengths)[:-1]), strict=True):
            row[: len(found)] = found[: self.length]
        return rows

    def unknown_in(self, text: str) -> list[str]:
        """What of a caption no training caption has."""
        return [part.strip() for part in self.vocabulary.unknown_in(begun(plain(text), self.vocabulary.unit))]

    def refuse_unknown(self, text: str) -> None:
        """Raise InputError for a text of which no word is known; say which are not."""
        if not (self.numbers([text]) > UNKNOWN).any():
            raise InputError(f"{text!r} has no word that a training caption has: nothing is known of it")
        if unknown := self.unknown_in(text):
            say(f"warning: no training caption has {printable(', '.join(unknown))}")

    def facts_for_files(self) -> dict[str, Any]:
        """What a program needs to give captions to an exported file (docs/MOBILE.md)."""
        vocabulary = self.vocabulary
        merges = None if vocabulary.tokenizer is None else merges_of(vocabulary.tokenizer)
        facts = {"vocabulary": list(vocabulary.symbols), "unit": vocabulary.unit, "unknown": UNKNOWN}
        return facts | {"merges": merges, "padding": BOUNDARY, "length": self.length}

    def to_json(self) -> str:
        """See `from_json`."""
        fields = {"vocabulary": json.loads(self.vocabulary.to_json()), "length": self.length, "known": self.known}
        return json.dumps(fields, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote.

        Raises:
            InputError: it is something else.
        """
        try:
            fields: dict[str, Any] = json.loads(text)
            length, known = fields["length"], tuple(fields["known"])
            if type(length) is not int or length < 1 or not known or not all(isinstance(one, str) for one in known):
                raise ValueError("it has no length, or no captions")
            vocabulary = json.dumps(fields["vocabulary"])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise InputError(f"captions.json does not hold captions: {error}") from None
        return cls(Vocabulary.from_json(vocabulary), length, known)


def plain(caption: str) -> str:
    """A caption in small letters, with single spaces."""
    return " ".join(caption.casefold().split())
