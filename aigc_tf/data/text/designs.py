"""Designs as text, molecules and game levels: from user files, synthetic, or from Python data."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from aigc_tf.data.files import read_text
from aigc_tf.data.paths import existing, is_path
from aigc_tf.data.source import GIVEN
from aigc_tf.data.text.source import TextSource
from aigc_tf.errors import InputError, UnreadableError, printable

_NEEDED = 2


class Designs(NamedTuple):
    """The designs of a source."""

    name: str
    """The name to use as a recipe's `source`."""
    licence: str
    texts: list[str]


def read_designs(
    source: str, data: Any, auto: str, made_up: Callable[[], list[str]], split: Callable[[str], list[str]], what: str
) -> Designs:
    """Read the designs of a source.

    Args:
        source: `auto`, the name `auto` stands for, or the path of a text file.
        data: replaces the source: strings, one per design.
        auto: name of the synthetic designs.
        made_up: generates them.
        split: splits the text of a file into designs.
        what: content of a file, for messages: "SMILES, one a line".

    Raises:
        InputError: the source or the data is missing or has fewer than two designs.
    """
    expected = f"a text file of {what}"
    if data is not None:
        name, licence, texts = GIVEN, "the user's own", data
        if isinstance(data, str) or not isinstance(data, Sequence) or not all(isinstance(text, str) for text in data):
            raise InputError(f"data is a {type(data).__name__}: expected a sequence of strings, one per design")
    elif source in ("auto", auto):
        name, licence, texts = auto, "synthetic data of this project, Apache-2.0", made_up()
    else:
        if not is_path(source, (".txt", ".smi"), expected):
            raise InputError(f"source {source!r} is not known: name {expected}, or say auto")
        path = existing(source, expected)
        if path.is_dir():
            raise InputError(f"source {path} is a folder: name {expected}")
        try:
            name, licence, texts = str(path), "the user's own", split(read_text(path))
        except UnreadableError as error:
            raise InputError(f"source {printable(str(path))} {error}") from error
    if len(texts) < _NEEDED:
        raise InputError(f"{name} holds {len(texts)} designs, and at least {_NEEDED} are needed: name {expected}")
    return Designs(name, licence, list(texts))


def named(source: TextSource, found: Designs) -> TextSource:
    """Rename a source of given texts to the name of its designs."""
    summary, *notes = source.notes
    renamed = (summary.replace(source.name, found.name, 1), *notes)
    return dataclasses.replace(source, name=found.name, licence=found.licence, notes=renamed)
