"""Tokenizes documents, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from aigc_tf.data.progress import progress
from aigc_tf.data.text.documents import Pieces
from aigc_tf.data.text.halves import Reading
from aigc_tf.data.text.repeats import Repeats
from aigc_tf.data.text.split import TextSplit, TokenWriter
from aigc_tf.data.text.vocabulary import BOUNDARY, Vocabulary, batched
from aigc_tf.recipes.text import TextSettings


def texts_to_learn(reading: Reading, settings: TextSettings) -> Iterator[str]:
    """The training data of a vocabulary: lines, or pieces of documents."""
    return (text for _, text in _items(reading, settings, "learning tokens"))


@dataclass(frozen=True)
class Encoder:
    """Tokenizes the documents of a part."""

    vocabulary: Vocabulary
    settings: TextSettings
    repeats: Repeats

    def encode(self, reading: Reading, part: str, writer: TokenWriter) -> tuple[TextSplit, int]:
        """Tokenize a part; also returns the number of lines left out because they are too long.

        Args:
            reading: the part's documents.
            part: "train" or "test".
            writer: receives the tokens.
        """
        with_ends = self.vocabulary.end is not None
        starts: list[np.ndarray] = []
        characters = left_out = 0
        for items in batched(_items(reading, self.settings, f"encoding the {part} part"), lambda item: len(item[1])):
            begins = np.array([begins for begins, _ in items])
            texts = [text for _, text in items]
            tokens, lengths = self.vocabulary.encode_all(texts)
            if self.settings.lines:
                kept = lengths <= self.settings.length
                left_out += int((~kept).sum())
                if not kept.all():
                    tokens = tokens[np.repeat(kept, lengths)]
                    texts, begins, lengths = [*np.array(texts, object)[kept]], begins[kept], lengths[kept]
            self.repeats.look(texts, part)
            characters += sum(map(len, texts)) + with_ends * int(begins.sum())
            before = (np.cumsum(lengths) - lengths)[begins]  # tokens before the start of each document
            starts.append(writer.count + before + np.arange(len(before)))
            writer.add(np.insert(tokens, before, BOUNDARY))
        starts.append(np.array([writer.count]))
        if with_ends or not writer.count:
            writer.add(np.array([BOUNDARY]))
        return TextSplit(writer.array(), np.concatenate(starts).astype(np.int64), characters), left_out


def _items(reading: Reading, settings: TextSettings, doing: str) -> Iterator[tuple[bool, str]]:
    """Texts, and whether each one starts a document; lines are documents."""
    for document in progress(reading(), None, doing):
        if settings.lines:
            for line in _lines(document):
                yield True, line
            continue
        begins = True
        for piece in document:
            yield begins, piece
            begins = False


def _lines(document: Pieces) -> Iterator[str]:
    """The lines of a document, without blank ones."""
    rest = ""
    for piece in document:
        *whole, rest = (rest + piece).split("\n")
        yield from filter(None, map(str.strip, whole))
    if rest.strip():
        yield rest.strip()
