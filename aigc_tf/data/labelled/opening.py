"""Opens sources of labelled, tokenized texts."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import numpy as np

from aigc_tf.data.classes import ClassNames
from aigc_tf.data.labelled.evidence import calibrated_evidence
from aigc_tf.data.labelled.reading import Divided, read_labelled
from aigc_tf.data.labelled.source import UNLABELLED, LabelledSource, LabelledSplit
from aigc_tf.data.text.vocabulary import UNKNOWN, Vocabulary, learn_vocabulary
from aigc_tf.errors import InputError, listed
from aigc_tf.recipes.classify import Classify
from aigc_tf.storage.files import expanded

_VOCABULARY = "vocabulary.json"  # in a run folder


def open_source(recipe: Classify, data: Any = None) -> LabelledSource:
    """Open the labelled texts of a recipe.

    The vocabulary is that of the run in `start_from`, or is learnt from the training texts.

    Args:
        recipe: its `source` is as in `read_labelled`.
        data: replaces the source: a sequence of texts, and one of their labels.

    Raises:
        InputError: the source or the data is missing or invalid, or `start_from` has no vocabulary.
    """
    known = None if recipe.start_from is None else vocabulary_of(recipe.start_from)
    divided = read_labelled(recipe.source, recipe.text, data)
    vocabulary = known or learn_vocabulary(divided.texts(tested=False), recipe.text, with_ends=True)
    tokens, lengths = vocabulary.encode_all(divided.found.texts)
    rows = [
        np.concatenate([[vocabulary.start], row[: recipe.text.context - 1]]).astype(np.int32)
        for row in np.split(tokens, np.cumsum(lengths)[:-1])
    ]
    whole, test = (_split(divided, rows, wanted) for wanted in (~divided.is_test, divided.is_test))
    if not len(test):
        raise InputError(f"{divided.found.name} leaves nothing to test on: give more texts that differ")
    source = LabelledSource(
        name=divided.found.name,
        licence=divided.found.licence,
        test_split=divided.test_split,
        settings=recipe.labelled,
        vocabulary=vocabulary,
        classes=ClassNames(divided.classes),
        content=_fingerprint(divided),
        seed=recipe.seed,
        whole=whole,
        train=whole,
        test=test,
    ).for_recipe(recipe)
    if source.train is whole:  # no validation part was split off
        source = dataclasses.replace(source, train=source.with_few_labels(whole))
    source = _with_evidence(source, recipe)
    return dataclasses.replace(source, notes=(_summary(source), *divided.notes, *_said(source, lengths, recipe)))


def _with_evidence(source: LabelledSource, recipe: Classify) -> LabelledSource:
    train, sizes = source.train, (len(source.classes.names), len(source.vocabulary), recipe.evidence)
    evidence, unseen = calibrated_evidence(train.tokens, train.labels, *sizes)
    return dataclasses.replace(source, evidence=evidence, train=dataclasses.replace(train, evidence=unseen))


def vocabulary_of(run: str) -> Vocabulary:
    """The vocabulary of the run to start from.

    Raises:
        InputError: it has none.
    """
    path = expanded(run) / _VOCABULARY
    try:
        return Vocabulary.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"start_from is {run}: its {_VOCABULARY} cannot be read ({error}); the texts are read with the vocabulary "
            "of the run, name a run of gpt, char_rnn or classify"
        ) from error


def _split(divided: Divided, rows: list[np.ndarray], wanted: np.ndarray) -> LabelledSplit:
    chosen = np.flatnonzero(wanted)
    texts = [divided.found.texts[row] for row in chosen.tolist()]
    return LabelledSplit(texts, divided.numbers[chosen], divided.keys[chosen], [rows[row] for row in chosen])


def _fingerprint(divided: Divided) -> str:
    digest = hashlib.sha256("\0".join(divided.classes).encode())
    for text, number, test in zip(divided.found.texts, divided.numbers.tolist(), divided.is_test, strict=True):
        digest.update(f"{number} {test:d} {text}\n".encode())
    return digest.hexdigest()


def _summary(source: LabelledSource) -> str:
    names = source.classes.names
    symbols = f"{len(source.vocabulary):,} tokens ({source.vocabulary.unit})"
    return f"{source.name}: {source.sizes_in_words('texts', len)}, {len(names)} classes ({listed(names)}), {symbols}"


def _said(source: LabelledSource, lengths: np.ndarray, recipe: Classify) -> list[str]:
    """Notes on unused labels, truncated texts and unknown tokens."""
    said, read = [], recipe.text.context - 1
    if recipe.labelled.per_class is not None:
        used = int((source.train.labels != UNLABELLED).sum())
        said.append(f"{used:,} of {len(source.train):,} training texts keep their label (labelled.per_class)")
    if cut := int((lengths > read).sum()):
        said.append(f"{cut:,} texts are cut off after {read} tokens (text.length)")
    if recipe.start_from is not None:
        found = np.concatenate(source.train.tokens)
        said.append(
            f"read with the vocabulary of {recipe.start_from}, which lacks {np.mean(found == UNKNOWN):.2%} of the "
            "tokens of the training texts"
        )
    return said
