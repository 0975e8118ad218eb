"""Tokenization of captions, and the training captions that a run keeps."""

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
    """The caption vocabulary and example captions of a model."""

    vocabulary: Vocabulary
    length: int
    """Maximum length of a caption in tokens."""
    known: tuple[str, ...]
    """Training captions, at most `MAX_KNOWN`, evenly spread: candidates for captioning, and default prompts for
    generation."""

    def numbers(self, texts: Sequence[str]) -> np.ndarray:
        """Tokenize captions: int32 `[texts, length]`, padded with the boundary token; longer ones are truncated."""
        rows = np.full((len(texts), self.length), BOUNDARY, np.int32)
        if not texts:
            return rows
        tokens, lengths = self.vocabulary.encode_all([begun(plain(text), self.vocabulary.unit) for text in texts])
        for row, found in zip(rows, np.split(tokens, np.cumsum(lengths)[:-1]), strict=True):
            row[: len(found)] = found[: self.length]
        return rows

    def unknown_in(self, text: str) -> list[str]:
        """The words of a caption that no training caption has."""
        return [part.strip() for part in self.vocabulary.unknown_in(begun(plain(text), self.vocabulary.unit))]

    def refuse_unknown(self, text: str) -> None:
        """Raise InputError, listing the unknown words, for a text without any known word."""
        if not (self.numbers([text]) > UNKNOWN).any():
            raise InputError(f"{text!r} has no word of the training captions: nothing is known about it")
        if unknown := self.unknown_in(text):
            say(f"warning: no training caption has {printable(', '.join(unknown))}")

    def facts_for_files(self) -> dict[str, Any]:
        """The metadata that programs need to pass captions to an exported file (docs/MOBILE.md)."""
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
        """Parse the output of `to_json`.

        Raises:
            InputError: it is not valid.
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
    """Normalise a caption: lower case, single spaces."""
    return " ".join(caption.casefold().split())
