"""Source and target vocabularies of text pairs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from aigc_tf.data.assets import Asset
from aigc_tf.data.pairs.files import Pair
from aigc_tf.data.text.vocabulary import Vocabulary, learn_vocabulary, words_of
from aigc_tf.errors import InputError
from aigc_tf.recipes.seq2seq import PairSettings
from aigc_tf.recipes.text import TextSettings


@dataclass(frozen=True, eq=False)
class Vocabularies(Asset):
    """The source and the target vocabulary, which may be the same object."""

    source: Vocabulary
    target: Vocabulary
    words: tuple[str, ...] = ()
    """The words of the training targets, each with the space before it, ascending."""

    @property
    def shared(self) -> bool:
        """Whether both sides share a vocabulary, so that tokens can be copied."""
        return self.source is self.target

    def sources(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Tokenize sources: int32 `[symbols]` each."""
        return _numbers(self.source, texts)

    def targets(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Tokenize targets: int32 `[symbols]` each."""
        return _numbers(self.target, texts)

    def written(self, numbers: Sequence[int]) -> str:
        """Decode the tokens of a target."""
        return self.target.decode(numbers).strip()

    def to_json(self) -> str:
        """Both as JSON; a shared one only once."""
        target = None if self.shared else json.loads(self.target.to_json())
        fields = {"source": json.loads(self.source.to_json()), "target": target, "words": self.words}
        return json.dumps(fields, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse the output of `to_json`.

        Raises:
            InputError: it is not valid.
        """
        try:
            fields: dict[str, Any] = json.loads(text)
            source, target, words = fields["source"], fields["target"], tuple(map(str, fields["words"]))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise InputError(f"vocabularies.json is not a pair of vocabularies: {error}") from None
        first = Vocabulary.from_json(json.dumps(source))
        return cls(first, first if target is None else Vocabulary.from_json(json.dumps(target)), words)


def _numbers(vocabulary: Vocabulary, texts: Sequence[str]) -> list[np.ndarray]:
    if not texts:
        return []
    tokens, lengths = vocabulary.encode_all([begun(text, vocabulary.unit) for text in texts])
    return np.split(tokens, np.cumsum(lengths)[:-1])


def begun(text: str, unit: str) -> str:
    """A text as it is encoded: words include the space before them, so the first word gets one to be the same token."""
    return f" {text}" if unit in ("word", "subword") else text


def learn_vocabularies(pairs: Sequence[Pair], settings: PairSettings) -> Vocabularies:
    """The vocabularies of training pairs: the most frequent tokens of each side, or of both together."""
    form = TextSettings(unit=settings.unit, vocabulary_size=settings.vocabulary_size, lines=True)

    def learnt(texts: Iterable[str]) -> Vocabulary:
        return learn_vocabulary((begun(text, settings.unit) for text in texts), form, with_ends=True)

    words = tuple(sorted({word for pair in pairs for word in words_of(begun(pair.target, settings.unit))}))
    if settings.shared:
        both = learnt(text for pair in pairs for text in pair)
        return Vocabularies(both, both, words)
    return Vocabularies(learnt(pair.source for pair in pairs), learnt(pair.target for pair in pairs), words)
