"""Reads labelled texts from tables, folders and TFDS, and splits off a test part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data import tfds_builders
from aigc_tf.data.files import read_text
from aigc_tf.data.images.layout import layout_of
from aigc_tf.data.labelled.made_up import opinions
from aigc_tf.data.pairs.clusters import cluster_keys, clusters
from aigc_tf.data.paths import existing, is_path
from aigc_tf.data.progress import progress
from aigc_tf.data.source import GIVEN, TEST_SPLIT, held_out_by_key
from aigc_tf.data.text.vocabulary import refuse_half_characters
from aigc_tf.data.walk import files_below
from aigc_tf.errors import InputError, UnreadableError, listed, printable
from aigc_tf.recipes.text import TextSettings

AUTO = "opinions"
HELD_OUT = "10 % held out by content hash, near-duplicates together"
_EXPECTED = "a file of lines label<TAB>text, a folder with a sub-folder of text files for each class, or a TFDS set"
_SUFFIXES = (".tsv", ".txt")
_OWN, _MADE_UP = "the user's own", "synthetic data of this project, Apache-2.0"
_HEADER = ("label", "text")
_TEST_SHARE = 10
_NEEDED = 20  # texts


@dataclass(frozen=True, eq=False)
class LabelledTexts:
    """Texts, one line each, and their class names."""

    name: str
    """A name that identifies the data."""
    licence: str
    texts: Sequence[str]
    labels: Sequence[str]
    is_test: np.ndarray | None = None
    """bool `[texts]`, the data's own test part; None if there is none."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Divided:
    """Labelled texts in a training and a test part."""

    found: LabelledTexts
    classes: tuple[str, ...]
    numbers: np.ndarray
    """int32 `[texts]`: class numbers."""
    keys: np.ndarray
    """uint64 `[texts]`: a hash of each text's cluster of near-duplicates."""
    is_test: np.ndarray
    """bool `[texts]`, the test part."""
    test_split: str
    notes: tuple[str, ...]

    def texts(self, tested: bool) -> list[str]:
        """The texts of one part."""
        return [text for text, test in zip(self.found.texts, self.is_test, strict=True) if test == tested]


def read_labelled(source: str, settings: TextSettings, data: Any = None) -> Divided:
    """Read labelled texts and split them.

    A tenth is held out by a hash of the text, unless the source has a test part; equal texts and near-duplicates
    (`aigc_tf.data.pairs.clusters`) are on the same side.

    Args:
        source: `auto` (`opinions`, synthetic), a file, a folder or the name of a TFDS set.
        settings: `files` and `max_unreadable` for folders, `feature` for TFDS sets.
        data: replaces the source: a sequence of texts, and one of their labels.

    Raises:
        InputError: there are none, too few, or all are of one class.
    """
    found = _read(source, settings, data)
    for number, text in enumerate(found.texts, 1):
        refuse_half_characters(text, f"text {number:,} of {found.name}")
    classes = tuple(sorted(set(found.labels)))
    if len(found.texts) < _NEEDED or len(classes) < 2:
        raise InputError(
            f"{found.name} has {len(found.texts)} texts of {len(classes)} classes, and at least {_NEEDED} texts of 2 "
            f"classes are needed: give {_EXPECTED}"
        )
    places = {name: place for place, name in enumerate(classes)}
    numbers = np.array([places[label] for label in found.labels], np.int32)
    together = clusters([found.texts])
    keys = cluster_keys(found.texts, together)
    is_test = held_out_by_key(keys, len(keys) // _TEST_SHARE) if found.is_test is None else found.is_test
    missing = [name for place, name in enumerate(classes) if place not in numbers[~is_test]]
    if missing:
        raise InputError(f"{found.name} has no training texts of {listed(missing)}: give more texts of it")
    split = HELD_OUT if found.is_test is None else TEST_SPLIT
    return Divided(found, classes, numbers, keys, is_test, split, (*found.notes, *_said(together, keys, is_test)))


def _said(together: np.ndarray, keys: np.ndarray, is_test: np.ndarray) -> list[str]:
    _, counts = np.unique(together, return_counts=True)
    repeated, known = int(counts[counts > 1].sum()), int(np.isin(keys[is_test], keys[~is_test]).sum())
    said = []
    if repeated:
        said.append(
            f"{repeated:,} texts are near-duplicates of others, in {int((counts > 1).sum()):,} clusters of at most "
            f"{int(counts.max()):,}"
        )
    if known:
        said.append(
            f"warning: {known:,} of {int(is_test.sum()):,} test texts are near-duplicates of training texts: results "
            "on them are too optimistic"
        )
    return said


def _read(source: str, settings: TextSettings, data: Any) -> LabelledTexts:
    if data is not None:
        return _given(data)
    if source in ("auto", AUTO):
        return LabelledTexts(AUTO, _MADE_UP, *opinions())
    if not is_path(source, _SUFFIXES, _EXPECTED):
        return _of_tfds(source, settings)
    path = existing(source, _EXPECTED)
    return _of_folder(path, settings) if path.is_dir() else _of_table(path)


def in_one_line(text: str) -> str:
    """A text with all white space replaced by single spaces."""
    return " ".join(text.split())


def _given(data: Any) -> LabelledTexts:
    try:
        texts, labels = data
        pairs = [(text, str(label)) for text, label in zip(texts, labels, strict=True)]
    except (TypeError, ValueError) as error:
        raise InputError(f"data is not a sequence of texts and one of as many labels: {error}") from None
    if not all(isinstance(text, str) and text.strip() for text, _ in pairs):
        raise InputError("data has texts that are empty or not strings: leave them out")
    return LabelledTexts(GIVEN, _OWN, [in_one_line(text) for text, _ in pairs], [label for _, label in pairs])


def _of_table(path: Path) -> LabelledTexts:
    """Lines of a label, a tab and a text; a first line "label<TAB>text" is a header."""
    try:
        lines = read_text(path).split("\n")
    except UnreadableError as error:
        raise InputError(f"source {printable(str(path))} {error}") from error
    texts, labels = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        label, _, text = (part.strip() for part in line.partition("\t"))
        if not label or not text:
            raise InputError(
                f"source {printable(str(path))}, line {number}: expected a label, a tab and a text, and found "
                f"{printable(line[:40])}"
            )
        if number == 1 and (label.casefold(), text.casefold()) == _HEADER:
            continue
        texts.append(in_one_line(text))
        labels.append(label)
    return LabelledTexts(str(path), _OWN, texts, labels)


def _of_folder(folder: Path, settings: TextSettings) -> LabelledTexts:
    """Files in a sub-folder per class; top-level folders train and test are the parts."""
    layout = layout_of(files_below(folder, pattern=settings.files).files, f"folder {folder}")
    if layout.labels is None or layout.class_names is None:
        raise InputError(f"folder {folder} has no classes: put files {settings.files} into a sub-folder for each class")
    texts, rows, unreadable = [], [], []
    for row, file in enumerate(progress(layout.files, len(layout.files), "reading text")):
        try:
            texts.append(in_one_line(read_text(folder / file)))
            rows.append(row)
        except (UnreadableError, OSError) as error:
            unreadable.append(f"{printable(file)} ({error})")
    if len(unreadable) > settings.max_unreadable * len(layout.files):
        raise InputError(
            f"{len(unreadable)} of {len(layout.files)} files in {folder} cannot be read, and the share that "
            f"text.max_unreadable allows is {settings.max_unreadable:g}: {listed(unreadable)}"
        )
    labels = [layout.class_names[label] for label in layout.labels[rows]]
    parts = np.array([layout.parts[row] == "test" for row in rows], bool)
    notes = (*layout.notes, *((f"left out: {listed(unreadable)}",) if unreadable else ()))
    return LabelledTexts(str(folder), _OWN, texts, labels, parts if parts.any() else None, notes)


def _of_tfds(name: str, settings: TextSettings) -> LabelledTexts:
    """A set with a feature `label` and a text feature, such as imdb_reviews."""
    import tensorflow_datasets as tfds

    builder = tfds_builders.builder_of(name, [AUTO])
    features = dict(builder.info.features) if hasattr(builder.info.features, "keys") else {}
    feature = settings.feature or "text"
    if not isinstance(features.get(feature), tfds.features.Text):
        raise InputError(f"TFDS data set {name} has no text in a feature {feature} (text.feature): choose another")
    if not isinstance(features.get("label"), tfds.features.ClassLabel):
        raise InputError(f"TFDS data set {name} has no classes in a feature label, only {', '.join(features)}")
    tfds_builders.prepare(name, builder, ())
    train_name, test_name = tfds_builders.split_names(name, builder)
    texts, labels, is_test = [], [], []
    try:
        for split in filter(None, (train_name, test_name)):
            for example in tfds_builders.examples(builder, split, (feature, "label")).as_numpy_iterator():
                texts.append(in_one_line(example[feature].decode("utf-8", "replace")))
                labels.append(features["label"].int2str(int(example["label"])))
                is_test.append(split == test_name)
    except tf.errors.OpError as error:
        raise tfds_builders.damaged(builder, error) from error
    licence = f"see {builder.info.homepage or 'the TFDS catalogue'}"
    return LabelledTexts(name, licence, texts, labels, np.array(is_test) if test_name else None)
