"""Opens sources of text pairs: by name, from user files, or from Python data."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from aigc_tf.data.pairs.clusters import cluster_keys, clusters
from aigc_tf.data.pairs.dates import dates
from aigc_tf.data.pairs.files import Pair, Read, given_pairs, read_pairs
from aigc_tf.data.pairs.public import read_tfds
from aigc_tf.data.pairs.source import PairSource, PairSplit
from aigc_tf.data.pairs.vocabularies import Vocabularies, learn_vocabularies
from aigc_tf.data.paths import existing, is_path
from aigc_tf.data.source import GIVEN, TEST_SPLIT, held_out_by_key
from aigc_tf.data.text.split import TextSplit, TokenWriter
from aigc_tf.data.text.vocabulary import BOUNDARY, refuse_half_characters
from aigc_tf.errors import InputError
from aigc_tf.recipes.seq2seq import PairSettings, Seq2SeqRecipe

AUTO = "dates"
HELD_OUT = "10 % held out by content hash, near-duplicates together"
_EXPECTED = "a table of pairs (.tsv, .csv, .jsonl), two parallel files or a TFDS set of translations or summaries"
_SUFFIXES = (".tsv", ".csv", ".jsonl", ".ndjson", ".txt")
_OWN, _MADE_UP = "the user's own", "synthetic data of this project, Apache-2.0"
_TEST_SHARE = 10
_NEEDED = 20  # pairs


def open_source(recipe: Seq2SeqRecipe, data: Any = None) -> PairSource:
    """Open the text pairs of a recipe, tokenized with vocabularies learnt from the training part.

    Args:
        recipe: its `source` is `auto` (`dates`: synthetic dates in several formats, and in ISO 8601), the path of a
            table of pairs or of the first of two parallel files, or the name of a TFDS set.
        data: replaces the source: a sequence of pairs of strings.

    Raises:
        InputError: the source or the data is missing or invalid.
    """
    name, licence, found, tested = _read(recipe, data)
    settings = recipe.pairs
    if len(found.pairs) < _NEEDED:
        raise InputError(
            f"{name} has {len(found.pairs)} pairs with two texts, and at least {_NEEDED} are needed: give more"
        )
    own_test = tested is not None
    everything = [*found.pairs, *(tested.pairs if tested else ())]
    for pair in everything:
        for text in pair:
            refuse_half_characters(text, f"a text of {name}")
    numbers = clusters([*zip(*everything, strict=True)])
    keys = cluster_keys(["\0".join(pair) for pair in everything], numbers)
    is_test = np.arange(len(everything)) >= len(found.pairs)
    if not own_test:
        is_test = held_out_by_key(keys, len(everything) // _TEST_SHARE)
    vocabularies = learn_vocabularies(
        [pair for pair, test in zip(everything, is_test, strict=True) if not test], settings
    )
    encoder = _Encoder(vocabularies, settings)
    whole, test = (encoder.split(everything, keys, np.flatnonzero(rows)) for rows in (~is_test, is_test))
    for split, use in ((whole, "train on"), (test, "test on")):
        if not len(split):
            raise InputError(f"{name} leaves nothing to {use}: give more pairs, or raise pairs.target_length")
    source = PairSource(
        name=name,
        licence=licence,
        vocabularies=vocabularies,
        content=_fingerprint((whole, test)),
        whole=whole,
        train=whole,
        test=test,
        test_split=TEST_SPLIT if own_test else HELD_OUT,
    ).for_recipe(recipe)
    return dataclasses.replace(source, notes=_notes(source, found, numbers, encoder, own_test))


def _read(recipe: Seq2SeqRecipe, data: Any) -> tuple[str, str, Read, Read | None]:
    """The name of the data, its licence, the pairs, and the data's own test part."""
    settings, name = recipe.pairs, recipe.source
    if data is not None:
        return GIVEN, _OWN, given_pairs(data, settings, refuse_half_characters), None
    if name in ("auto", AUTO):
        return AUTO, _MADE_UP, Read(dates()[: settings.max_pairs]), None
    if not is_path(name, _SUFFIXES, _EXPECTED):
        return name, *read_tfds(name, settings)
    path = existing(name, _EXPECTED)
    if path.is_dir():
        raise InputError(f"source {path} is a folder: name {_EXPECTED}")
    return str(path), _OWN, read_pairs(path, settings), None


def _fingerprint(parts: Sequence[PairSplit]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)};".encode())
        for pair in part.pairs:
            digest.update("\0".join((*pair, "")).encode())
    return digest.hexdigest()


class _Encoder:
    """Tokenizes pairs, and counts what is truncated and left out."""

    def __init__(self, vocabularies: Vocabularies, settings: PairSettings) -> None:
        self.vocabularies, self.settings = vocabularies, settings
        self.cut = self.left_out = 0

    def split(self, pairs: Sequence[Pair], keys: np.ndarray, rows: np.ndarray) -> PairSplit:
        """The pairs at `rows` whose targets are short enough."""
        chosen = [pairs[row] for row in rows]
        targets = self.vocabularies.targets([pair.target for pair in chosen])
        fits = np.array([len(row) <= self.settings.target_length for row in targets], bool)
        self.left_out += int((~fits).sum())
        kept = np.flatnonzero(fits)
        chosen = [chosen[row] for row in kept]
        sources = self.vocabularies.sources([pair.source for pair in chosen])
        self.cut += sum(len(row) > self.settings.source_length for row in sources)
        short = [row[: self.settings.source_length] for row in sources]
        sides = (_text_split(short), _text_split([targets[row] for row in kept]))
        return PairSplit(chosen, keys[rows][kept], *sides)


def _text_split(rows: Sequence[np.ndarray]) -> TextSplit:
    writer = TokenWriter()
    for row in rows:
        writer.add(np.array([BOUNDARY]))
        writer.add(row)
    writer.add(np.array([BOUNDARY]))
    starts = np.cumsum([0, *(len(row) + 1 for row in rows)], dtype=np.int64)
    return TextSplit(writer.array(), starts, int(starts[-1]))


def _notes(source: PairSource, found: Read, numbers: np.ndarray, encoder: _Encoder, own_test: bool) -> tuple[str, ...]:
    """Notes on a source for the user."""
    settings, vocabularies = encoder.settings, source.vocabularies
    symbols = (
        f"{len(vocabularies.target):,} tokens ({settings.unit}{', shared' if vocabularies.shared else ' of targets'})"
    )
    parts = [f"{source.name}: {source.sizes_in_words('pairs', len)}", symbols, found.words]
    if found.limited:
        parts.append(f"the first {settings.max_pairs:,} pairs (pairs.max_pairs)")
    notes = [", ".join(filter(None, parts))]
    _, counts = np.unique(numbers, return_counts=True)
    repeated = int(counts[counts > 1].sum())
    if repeated and not own_test:
        notes.append(
            f"{repeated:,} pairs are near-duplicates of others, in {int((counts > 1).sum()):,} clusters, the largest "
            f"of {int(counts.max()):,}: each cluster is on one side of the split"
        )
    known = int(np.isin(source.test.clusters, source.whole.clusters).sum())
    if known:
        notes.append(
            f"warning: {known:,} of {len(source.test):,} test pairs are near-duplicates of training pairs: results "
            "on them are too optimistic"
        )
    said = (
        (found.empty, "pairs are left out, since a side is empty"),
        (
            encoder.left_out,
            f"pairs are left out, their targets have more than {settings.target_length} tokens (pairs.target_length)",
        ),
        (encoder.cut, f"sources are cut off after {settings.source_length} tokens (pairs.source_length)"),
    )
    return (*notes, *(f"{count:,} {words}" for count, words in said if count))
