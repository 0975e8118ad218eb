"""Opens sources of text: by name, from user files, or from Python data."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data import tfds_builders
from aigc_tf.data.labelled.reading import read_labelled
from aigc_tf.data.paths import existing, is_path
from aigc_tf.data.source import GIVEN
from aigc_tf.data.text.documents import Examples, Files, Given, spread
from aigc_tf.data.text.halves import Halves, hold_out, with_test
from aigc_tf.data.text.prepared import Text, prepared
from aigc_tf.data.text.source import TextSource
from aigc_tf.data.text.vocabulary import refuse_half_characters
from aigc_tf.data.walk import files_below
from aigc_tf.errors import InputError, UnreadableError, printable
from aigc_tf.recipes.text import TextRecipe, TextSettings

AUTO = "pydoc_topics"
_EXPECTED = "a text file, a folder of text files or a TFDS text set"
_SUFFIXES = (".txt", ".md", ".py", ".csv", ".tsv", ".json")
_OWN = "the user's own"


def open_source(recipe: TextRecipe, data: Any = None) -> TextSource:
    """Open the tokenized text of a recipe.

    Args:
        recipe: its `source` is `auto` (the reference of the language Python, which comes with every Python), the path
            of a UTF-8 text file or of a folder of them, or the name of a TFDS text set; with `text.labelled` a source
            of labelled texts.
        data: replaces the source: a string, a sequence of strings, or a finite `tf.data.Dataset` of them.

    Raises:
        InputError: the source or the data is missing or invalid.
    """
    if recipe.text.labelled:
        name, text = _open_labelled(recipe, data)
    else:
        name, text = _open_data(data) if data is not None else _open_by_name(recipe.source, recipe.text)
    found = prepared(name, text, recipe)
    source = TextSource(
        name=name,
        settings=recipe.text,
        vocabulary=found.vocabulary,
        uncut=found.uncut,
        train=found.train,
        validation=found.validation,
        test=found.test,
        test_split=found.test_split,
        content=found.fingerprint,
        licence=text.licence,
    )
    sizes = source.sizes_in_words("characters", lambda part: part.characters)
    symbols = f"{len(found.vocabulary):,} tokens ({found.vocabulary.unit})"
    summary = ", ".join(filter(None, (f"{name}: {sizes}", symbols, text.words, found.limited)))
    return dataclasses.replace(source, notes=(summary, *text.notes, *found.notes))


def _open_labelled(recipe: TextRecipe, data: Any) -> tuple[str, Text]:
    """The texts of a labelled source without their labels, with the split that classifiers use."""
    divided = read_labelled(recipe.source, recipe.text, data)
    train, test = (Given(divided.texts(tested)) for tested in (False, True))
    halves = dataclasses.replace(with_test(train, test), test_split=divided.test_split)
    size = sum(map(len, divided.found.texts))
    return divided.found.name, Text(lambda: halves, divided.found.licence, size, notes=divided.notes)


def _open_data(data: Any) -> tuple[str, Text]:
    if isinstance(data, str):
        data = [data]
    elif isinstance(data, tf.data.Dataset):
        if data.cardinality() == tf.data.INFINITE_CARDINALITY:
            raise InputError("data is a tf.data.Dataset without end: take a finite part of it")
        data = [_decoded(element, number) for number, element in enumerate(data.as_numpy_iterator(), 1)]
    if not isinstance(data, Sequence) or not all(isinstance(document, str) for document in data):
        raise InputError(f"data is a {type(data).__name__}: expected a string, strings, or a tf.data.Dataset of them")
    for number, document in enumerate(data, 1):
        refuse_half_characters(document, "data" if len(data) == 1 else f"document {number:,} of data")
    return GIVEN, _in_memory(GIVEN, data, _OWN)


def _decoded(element: Any, number: int) -> Any:
    try:
        return element.decode() if isinstance(element, bytes) else element
    except UnicodeDecodeError as error:
        raise InputError(f"element {number:,} of data is not in UTF-8: {error.reason} at byte {error.start}") from None


def _open_by_name(name: str, settings: TextSettings) -> tuple[str, Text]:
    if name in ("auto", AUTO):
        return AUTO, _open_topics()
    if not is_path(name, _SUFFIXES, _EXPECTED):
        return name, _open_tfds(name, settings)
    path = existing(name, _EXPECTED)
    return str(path), _open_folder(path, settings) if path.is_dir() else _open_file(path, settings)


def _in_memory(name: str, texts: Sequence[str], licence: str) -> Text:
    return Text(partial(hold_out, Given(texts), name), licence, sum(map(len, texts)))


def _open_topics() -> Text:
    """The language reference that `help()` shows (Python Software Foundation Licence)."""
    from pydoc_data.topics import topics

    documents = [topics[name] for name in sorted(topics)]
    return _in_memory(AUTO, documents, "Python Software Foundation Licence, version 2")


def _open_file(path: Path, settings: TextSettings) -> Text:
    documents = Files(path.parent, [path.name], settings.max_bytes)

    def halve() -> Halves:
        try:
            return hold_out(documents, str(path))
        except UnreadableError as error:
            raise InputError(f"source {printable(str(path))} {error}") from error

    size, most = path.stat().st_size, settings.max_bytes
    words = f"the first {most:,} of {size:,} bytes (text.max_bytes)" if size > most else ""
    return Text(halve, _OWN, min(size, most), documents, words)


def _open_folder(folder: Path, settings: TextSettings) -> Text:
    found = files_below(folder, pattern=settings.files)
    if not found.files:
        raise InputError(
            f"folder {folder} holds no files {settings.files}: name others with text.files"
            + (f" (left out: {found.left_out})" if found.left_out else "")
        )
    files = Files(folder, found.files, settings.max_bytes)
    sizes = files.sizes()
    read = np.minimum(sizes, settings.max_bytes)
    chosen = spread(read, settings.max_bytes)
    words = ""
    if not chosen.all():
        files = dataclasses.replace(files, names=[*itertools.compress(found.files, chosen)])
        words = (
            f"{len(files):,} of {len(found.files):,} files, evenly spread, {read[chosen].sum():,} of {sizes.sum():,} "
            "bytes (text.max_bytes)"
        )
    return Text(
        partial(hold_out, files, str(folder), settings.max_unreadable),
        _OWN,
        int(read[chosen].sum()),
        files,
        words,
        (f"left out: {found.left_out}",) if found.left_out else (),
    )


def _open_tfds(name: str, settings: TextSettings) -> Text:
    builder = tfds_builders.builder_of(name, [AUTO])
    feature = _feature(name, builder, settings.feature)
    tfds_builders.prepare(name, builder, ())
    train_name, test_name = tfds_builders.split_names(name, builder)
    train = Examples(builder, train_name, feature, settings.max_bytes)

    def halve() -> Halves:
        if test_name is None:
            return hold_out(train, name)
        return with_test(train, Examples(builder, test_name, feature, settings.max_bytes))

    files = Files(Path(builder.data_dir), sorted(path.name for path in Path(builder.data_dir).iterdir()), 0)
    size = min(settings.max_bytes, int(files.sizes().sum()))
    return Text(halve, f"see {builder.info.homepage or 'the TFDS catalogue'}", size, files, f"feature {feature}")


def _feature(name: str, builder: Any, asked: str | None) -> str:
    """The text feature to read.

    Raises:
        InputError: there is no text feature, there are several, or not the requested one.
    """
    features = dict(builder.info.features) if hasattr(builder.info.features, "keys") else {}
    texts = sorted(key for key, value in features.items() if type(value).__name__ == "Text")
    if asked is not None:
        if asked not in texts:
            raise InputError(
                f"TFDS data set {name} has no text in a feature {asked} (text.feature): choose one of "
                f"{', '.join(texts) or 'another data set'}"
            )
        return asked
    if not texts:
        raise InputError(f"TFDS data set {name} has no feature of text, only {', '.join(features)}: choose another")
    if "text" in texts:
        return "text"
    if len(texts) > 1:
        raise InputError(
            f"TFDS data set {name} has several features of text, {', '.join(texts)}: say which with --text.feature"
        )
    return texts[0]
