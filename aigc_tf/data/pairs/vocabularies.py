"""The vocabularies of the two sides of pairs of texts."""

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
    """That of the source and that of the target, which may be the same object."""

    source: Vocabulary
    target: Vocabulary
    words: tuple[str, ...] = ()
    """The words of the training targets, each with the space before it, ascending."""

    @property
    def shared(self) -> bool:
        """Whether both sides have one vocabulary, so that a symbol can be copied."""
        return self.source is self.target

    def sources(self, texts: Sequence[str]) -> list[np.ndarray]:
        """The numbers of each source's symbols, int32 `[symbols]`."""
        return _numbers(self.source, texts)

    def targets(self, texts: Sequence[str]) -> list[np.ndarray]:
        """The numbers of each target's symbols, int32 `[symbols]`."""
        return _numbers(self.target, texts)

    def written(self, numbers: Sequence[int]) -> str:
        """The text of a target's symbols."""
        return self.target.decode(numbers).strip()

    def to_json(self) -> str:
        """Both as JSON; of a shared one only the first."""
        target = None if self.shared else json.loads(self.target.to_json())
        fields = {"source": json.loads(self.source.to_json()), "target": target, "words": self.words}
        return json.dumps(fields, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote.

        Raises:
            InputError: it is something else.
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
    """A text as it is encoded: words hold the space before them, and the first one gets one, to be the same symbol."""
    return f" {text}" if unit in ("word", "subword") else text


def learn_vocabularies(pairs: Sequence[Pair], settings: PairSettings) -> Vocabularies:
    """The vocabularies of training pairs: of each side the most frequent symbols, or of both together."""
    form = TextSettings(unit=settings.unit, vocabulary_size=settings.vocabulary_size, lines=True)

    def learnt(texts: Iterable[str]) -> Vocabulary:
        return learn_vocabulary((begun(text, settings.unit) for text in texts), form, with_ends=True)

    words = tuple(sorted({word for pair in pairs for word in words_of(begun(pair.target, settings.unit))}))
    if settings.shared:
        both = learnt(text for pair in pairs for text in pair)
        return Vocabularies(both, both, words)
    return Vocabularies(learnt(pair.source for pair in pairs), learnt(pair.target for pair in pairs), words)
