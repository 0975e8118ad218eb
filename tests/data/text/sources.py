"""Shared helpers for text tests: one-line sources, and their text."""

from __future__ import annotations

from pathlib import Path

from aigc_tf.data.text.opening import open_source
from aigc_tf.data.text.source import TextSource
from aigc_tf.recipes.char_rnn import CharRNN
from aigc_tf.recipes.text import TextSettings


def opened(source: str | Path = "auto", data: object = None, **settings: object) -> TextSource:
    recipe = CharRNN(source=str(source), text=TextSettings(**{"length": 16} | settings))
    return open_source(recipe, data)


def text_of(source: TextSource, split: str) -> str:
    """The text of a part; "training" is that of train and validation together."""
    return source.vocabulary.decode(getattr(source, split).tokens)


def documents_of(source: TextSource, split: str) -> set[str]:
    part = getattr(source, split)
    return {source.vocabulary.decode(part.document(index)) for index in range(part.documents)}
