"""Sources of text: by name, from the user's files, or given from Python."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from itertools import compress
from pathlib import Path
from typing import Any

import tensorflow as tf

from aigc_tf.data import tfds_builders
from aigc_tf.data.files import EmptyError, read_text
from aigc_tf.data.paths import existing, is_path
from aigc_tf.data.progress import progress
from aigc_tf.data.source import GIVEN, HELD_OUT, TEST_SPLIT
from aigc_tf.data.text.source import MIN_DOCUMENTS, TextSource
from aigc_tf.data.text.split import TextSplit, join
from aigc_tf.data.text.vocabulary import UNKNOWN, Vocabulary, learn_vocabulary
from aigc_tf.data.walk import files_below
from aigc_tf.errors import InputError, UnreadableError, listed, printable
from aigc_tf.recipes.text import TextRecipe, TextSettings

AUTO = "pydoc_topics"
_EXPECTED = "a text file, a folder of text files or a TFDS text set"
_LAST_TENTH = "the last tenth held out"
_TEST_SHARE = 0.1
_SUFFIXES = (".txt", ".md", ".py", ".csv", ".tsv", ".json")
_OWN = "the user's own"


@dataclasses.dataclass(frozen=True)
class _Documents:
    """What was read, before it becomes numbers."""

    train: Sequence[str]
    test: Sequence[str]
    test_split: str
    licence: str
    notes: tuple[str, ...] = ()


def open_source(recipe: TextRecipe, data: Any = None) -> TextSource:
    """The text that a recipe asks for, as numbers of its vocabulary.

    Args:
        recipe: its `source` is `auto` (the reference of the language Python, which comes with every Python), the path
            of a text file in UTF-8 or of a folder of them, or the name of a TFDS text set.
        data: used instead of the source: a string, a sequence of strings, or a finite `tf.data.Dataset` of them.

    Raises:
        InputError: the source or the data is missing or cannot be used.
    """
    settings = recipe.text
    name, found = _open_data(data) if data is not None else _open_by_name(recipe.source, settings)
    if settings.lines:
        found = dataclasses.replace(found, train=_lines(found.train), test=_lines(found.test))
    with_ends = settings.lines or len(found.train) > 1
    vocabulary = learn_vocabulary(found.train, settings, with_ends)
    train, test = (_numbers(documents, vocabulary, settings) for documents in (found.train, found.test))
    for split, use in ((train, "train on"), (test, "test on")):
        if not split.characters:
            fix = "raise text.length, or leave text.lines out" if settings.lines else "give more text"
            raise InputError(f"source {name} leaves nothing to {use}: {fix}")
    notes = list(found.notes)
    too_long = len(found.train) + len(found.test) - train.documents - test.documents
    if too_long:
        notes.append(f"{too_long:,} lines of more than {settings.length} symbols (text.length) are left out")
    source = TextSource(
        name=name,
        settings=settings,
        vocabulary=vocabulary,
        train=train,
        test=test,
        test_split=found.test_split,
        licence=found.licence,
    ).for_recipe(recipe)
    strange = 0 if settings.unit == "byte" else int((source.watched.tokens[1:] == UNKNOWN).sum())
    if strange:
        part = "training" if source.validation is None else "validation"
        notes.append(f"{strange:,} of {source.watched.symbols:,} symbols of the {part} text are not in the vocabulary")
    sizes = source.sizes_in_words("characters", lambda part: part.characters)
    summary = f"{name}: {sizes}, {len(vocabulary):,} symbols ({vocabulary.unit})"
    return dataclasses.replace(source, notes=(summary, *notes))


def _lines(documents: Sequence[str]) -> list[str]:
    """The lines of documents, without those that are blank."""
    return [line.strip() for document in documents for line in document.split("\n") if line.strip()]


def _numbers(documents: Sequence[str], vocabulary: Vocabulary, settings: TextSettings) -> TextSplit:
    """Documents as numbers; lines that are too long are left out."""
    encoded = [vocabulary.encode(document) for document in documents]
    if settings.lines:
        kept = [len(tokens) <= settings.length for tokens in encoded]
        documents, encoded = list(compress(documents, kept)), list(compress(encoded, kept))
    with_ends = vocabulary.end is not None
    return join(encoded, sum(map(len, documents)) + with_ends * len(documents), with_ends)


def _open_data(data: Any) -> tuple[str, _Documents]:
    if isinstance(data, str):
        data = [data]
    elif isinstance(data, tf.data.Dataset):
        if data.cardinality() == tf.data.INFINITE_CARDINALITY:
            raise InputError("data is a tf.data.Dataset without end: take a finite part of it")
        data = [element.decode() if isinstance(element, bytes) else element for element in data.as_numpy_iterator()]
    if not isinstance(data, Sequence) or not all(isinstance(document, str) for document in data):
        raise InputError(f"data is a {type(data).__name__}: expected a string, strings, or a tf.data.Dataset of them")
    return GIVEN, _hold_out([document for document in data if document], _OWN)


def _open_by_name(name: str, settings: TextSettings) -> tuple[str, _Documents]:
    if name in ("auto", AUTO):
        return AUTO, _open_topics()
    if not is_path(name, _SUFFIXES, _EXPECTED):
        return name, _open_tfds(name)
    path = existing(name, _EXPECTED)
    if path.is_dir():
        return str(path), _open_folder(path, settings)
    try:
        return str(path), _hold_out([read_text(path)], _OWN)
    except UnreadableError as error:
        raise InputError(f"source {printable(str(path))} {error}") from error


def _open_topics() -> _Documents:
    """The language reference that `help()` shows (Python Software Foundation Licence)."""
    from pydoc_data.topics import topics

    documents = [topics[name] for name in sorted(topics)]
    return _hold_out(documents, "Python Software Foundation Licence, version 2")


def _open_folder(folder: Path, settings: TextSettings) -> _Documents:
    files = files_below(folder, pattern=settings.files)
    if not files:
        raise InputError(f"folder {folder} holds no files {settings.files}: name others with text.files")
    documents, unreadable = [], []
    for file in progress(files, len(files), "reading text"):
        try:
            documents.append(read_text(folder / file))
        except EmptyError:
            continue
        except UnreadableError as error:
            unreadable.append(f"{printable(str(file))} ({error})")
        except OSError as error:
            unreadable.append(f"{printable(str(file))} ({error.strerror})")
    if len(unreadable) > settings.max_unreadable * len(files) or not documents:
        raise InputError(
            f"{len(unreadable)} of {len(files)} files in {folder} cannot be read, and the share that "
            f"text.max_unreadable allows is {settings.max_unreadable:g}: {listed(unreadable) or 'the others are empty'}"
        )
    notes = (f"left out: {listed(unreadable)}",) if unreadable else ()
    return dataclasses.replace(_hold_out(documents, _OWN), notes=notes)


def _open_tfds(name: str) -> _Documents:
    builder = tfds_builders.builder_of(name, [AUTO])
    features = dict(builder.info.features) if hasattr(builder.info.features, "keys") else {}
    feature = next((key for key, value in features.items() if type(value).__name__ == "Text"), None)
    if feature is None:
        raise InputError(f"TFDS data set {name} has no feature of text, only {', '.join(features)}: choose another")
    tfds_builders.prepare(name, builder, ())
    train_name, test_name = tfds_builders.split_names(name, builder)

    def read(split: str) -> list[str]:
        count = builder.info.splits[split].num_examples
        examples: Iterable[Any] = tfds_builders.examples(builder, split, (feature,)).as_numpy_iterator()
        return [example[feature].decode("utf-8", "replace") for example in progress(examples, count, "reading text")]

    licence = f"see {builder.info.homepage or 'the TFDS catalogue'}"
    try:
        train = read(train_name)
        test = read(test_name) if test_name else []
    except tf.errors.OpError as error:
        raise tfds_builders.damaged(builder, error) from error
    return _Documents(train, test, TEST_SPLIT, licence) if test_name else _hold_out(train, licence)


def _hold_out(documents: Sequence[str], licence: str) -> _Documents:
    """A tenth is held out: documents by the hash of their content, or if they are few, the end of the text."""
    if len(documents) >= MIN_DOCUMENTS:
        keys = [
            int.from_bytes(hashlib.sha256(document.encode("utf-8", "replace")).digest()[:8]) for document in documents
        ]
        below = _TEST_SHARE * 2**64
        test = [document for document, key in zip(documents, keys, strict=True) if key < below]
        if test:
            train = [document for document, key in zip(documents, keys, strict=True) if key >= below]
            return _Documents(train, test, HELD_OUT, licence)
    train, left = [], round((1 - _TEST_SHARE) * sum(map(len, documents)))
    for index, document in enumerate(documents):
        if len(document) > left:  # the tenth begins in this one, after the end of a line
            place = document.rfind("\n", 0, left) + 1 or left
            parts = [document[:place]] if place else []
            return _Documents([*train, *parts], [document[place:], *documents[index + 1 :]], _LAST_TENTH, licence)
        train.append(document)
        left -= len(document)
    return _Documents(train, [], _LAST_TENTH, licence)
