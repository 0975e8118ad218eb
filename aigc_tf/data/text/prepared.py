"""Tokenized text, cached for large files and memory-mapped on the next start."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from aigc_tf import __version__
from aigc_tf.data.text.documents import Files
from aigc_tf.data.text.encoding import Encoder, texts_to_learn
from aigc_tf.data.text.halves import Halves
from aigc_tf.data.text.repeats import MIN_CHARACTERS, Repeats
from aigc_tf.data.text.split import MIN_DOCUMENTS, TextSplit, TokenWriter, at_end, blocks, by_document, fingerprint_of
from aigc_tf.data.text.vocabulary import UNKNOWN, Vocabulary, learn_vocabulary
from aigc_tf.data.walk import states
from aigc_tf.errors import InputError, UnavailableError
from aigc_tf.recipes.text import TextRecipe, TextSettings
from aigc_tf.storage.archives import read_arrays
from aigc_tf.storage.cache import cache_folder, cache_root, keep, kept, no_room
from aigc_tf.storage.files import write_text

_FORM = 1  # format version of cache entries; raise it when text is split or encoded differently
_LARGE, _MANY = 2**24, 1000  # bytes and number of files that take more than a second: these are cached
_BYTES_PER_CHARACTER = 4  # of token ids, while they are put in order
_REPEATED_FROM = 0.01  # share of the lines of running text above which repeats are reported
_INDEX, _RECORD, _VOCABULARY = "index.npz", "record.json", "vocabulary.json"


@dataclass(frozen=True)
class Text:
    """A text before it is read."""

    halve: Callable[[], Halves]
    """Reads it and splits off the test part. Raises InputError."""
    licence: str
    size: int
    """Approximate number of bytes to read."""
    files: Files | None = None
    """Its files; None if it does not come from files."""
    words: str = ""
    """Which part of it is read, for the summary line."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PreparedText:
    """A tokenized text with its split."""

    vocabulary: Vocabulary
    uncut: TextSplit | None
    train: TextSplit
    validation: TextSplit | None
    test: TextSplit
    fingerprint: str
    """Over the training part in its own order, including validation, and the test part before repeats are removed."""
    test_split: str
    notes: tuple[str, ...]
    limited: str = ""
    """How much of the source is read, if only known afterwards."""
    lasts: bool = True
    """Whether another attempt would give the same result."""


def prepared(name: str, text: Text, recipe: TextRecipe) -> PreparedText:
    """Tokenize a text, or load it from the cache if it is large and was prepared before.

    The cache key covers names, sizes and times of its files, the settings, and versions of packages.

    Raises:
        InputError: the text is invalid.
    """
    is_large = text.size >= _LARGE or (text.files is not None and len(text.files) >= _MANY)
    if text.files is None or not is_large:
        return _prepare(name, text, recipe, None, is_large)
    try:
        entry = cache_folder("text") / _key(name, text.files, recipe)
        known = kept(entry, partial(_read, entry))
        if known is not None:
            return known
        note = no_room(entry.parent, _BYTES_PER_CHARACTER * text.size)
        if not note:
            found: list[PreparedText] = []

            def make(made: Path) -> bool:
                found.append(_prepare(name, text, recipe, made, is_large))
                if found[0].lasts:
                    _write(made, found[0], f"{name}, {recipe.text.unit}")
                return found[0].lasts

            keep(entry, make)
            return found[0]
    except OSError as error:
        note = f"{error.filename or cache_root()}: {error.strerror or error}"
    except UnavailableError as error:
        note = str(error)
    in_memory = _prepare(name, text, recipe, None, is_large)
    again = f"the encoded text is not cached, and encoded again at every start: {note}"
    return dataclasses.replace(in_memory, notes=(*in_memory.notes, again))


def _key(name: str, files: Files, recipe: TextRecipe) -> str:
    """The cache key of the text and its form."""
    settings = recipe.text if recipe.text.lines else dataclasses.replace(recipe.text, length=1)
    form = dataclasses.replace(settings, consecutive=False)
    tokenizers = importlib.metadata.version("tokenizers") if form.unit == "subword" else ""
    start = f"{_FORM} {__version__} {tokenizers} {form} {recipe.chosen_on} {name} {files.folder}\n"
    digest = hashlib.sha256(start.encode(errors="surrogateescape"))
    for file, state in zip(files.names, states(files.folder, files.names), strict=True):
        status = "" if state is None else f"{state.st_size} {state.st_mtime_ns} {state.st_ctime_ns}"
        digest.update(f"{file}\0{status}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()[:32]


def _prepare(name: str, text: Text, recipe: TextRecipe, folder: Path | None, is_large: bool) -> PreparedText:
    """Tokenize the text, into files of a folder if given."""
    settings, halves = recipe.text, text.halve()
    with_ends = settings.lines or halves.documents > 1
    vocabulary = learn_vocabulary(texts_to_learn(halves.train, settings), settings, with_ends)
    kind = np.uint16 if is_large and len(vocabulary) <= 2**16 else np.int32

    def writer(part: str) -> TokenWriter:
        return TokenWriter(None if folder is None else folder / part, kind)

    encoder = Encoder(vocabulary, settings, Repeats(settings.lines))
    test, left_out = encoder.encode(halves.test, "test", writer("all_tested"))
    whole, left_out_too = encoder.encode(halves.train, "train", writer("as_read"))
    _check(name, vocabulary, settings, whole, test)
    single = settings.lines or whole.documents >= MIN_DOCUMENTS
    keys = whole.keys() if single or whole.documents > 1 else np.zeros(0, np.uint64)
    notes = [*halves.notes]
    if left_out + left_out_too:
        notes.append(
            f"{left_out + left_out_too:,} lines of more than {settings.length} tokens (text.length) are left out"
        )
    fingerprint = fingerprint_of(vocabulary.to_json(), (whole, test))
    known = np.isin(test.keys(), keys) if len(keys) else np.zeros(test.documents, bool)
    tested, said = _without(test, known, halves.own_test, settings.lines, writer)
    notes += [*said, *_said_of_repeats(encoder.repeats, settings.lines, int(known.sum()))]
    cut = None
    if recipe.chosen_on == "validation":
        cut = by_document(whole, keys, writer("train")) if single else at_end(whole)
    uncut, train, validation = (cut.whole, cut.train, cut.validation) if cut else (None, whole, None)
    notes += _said_of_unknown(vocabulary, "training" if validation is None else "validation", validation or train)
    return PreparedText(
        vocabulary,
        uncut,
        train,
        validation,
        tested,
        fingerprint,
        halves.test_split,
        tuple(notes),
        halves.limited,
        halves.lasts,
    )


def _check(name: str, vocabulary: Vocabulary, settings: TextSettings, whole: TextSplit, test: TextSplit) -> None:
    """Raise InputError if there is nothing to learn or to evaluate."""
    for split, use in ((whole, "train on"), (test, "test on")):
        if not split.characters or not vocabulary.has_symbols:
            fix = "raise text.length, or leave text.lines out" if settings.lines else "give more text"
            raise InputError(f"source {name} leaves nothing to {use}: {fix}")
    symbol = whole.tokens[1]
    if vocabulary.end is None and all((block[1:] == symbol).all() for block in blocks(whole.tokens)):
        raise InputError(
            f"source {name} repeats one token, {vocabulary.decode([symbol])!r}, and there is nothing to learn: "
            "give other text"
        )


def _without(
    test: TextSplit, known: np.ndarray, own_test: bool, lines: bool, writer: Callable[[str], TokenWriter]
) -> tuple[TextSplit, list[str]]:
    """Remove documents of the test part, bool `[documents]`, that are also in the training part; with a note."""
    what = f"{known.sum():,} of {len(known):,} {'lines' if lines else 'documents'} of the test part"
    if not known.any():
        return test, []
    if own_test or known.all():
        return test, [f"warning: {what} are in the training part, too: results on them are too optimistic"]
    return test.only(np.flatnonzero(~known), writer("test")), [f"left out: {what} are in the training part, too"]


def _said_of_repeats(repeats: Repeats, lines: bool, known: int) -> list[str]:
    """Notes on repeated lines; `known` documents were reported already."""
    if known and not lines:
        return []
    found, looked_at = repeats.found - known, repeats.looked_at - known
    if found <= (0 if lines else _REPEATED_FROM * looked_at):
        return []
    which = "lines" if lines else f"lines of {MIN_CHARACTERS} characters or more"
    return [
        f"{found:,} of {looked_at:,} {which} of the test part are in the training part, too, apart from case and white "
        "space: results on them are too optimistic"
    ]


def _said_of_unknown(vocabulary: Vocabulary, part: str, watched: TextSplit) -> list[str]:
    """Notes on unknown tokens in the part monitored during training."""
    if vocabulary.unit == "byte":
        return []
    strange = sum(int((block == UNKNOWN).sum()) for block in blocks(watched.tokens[1:]))
    if not strange:
        return []
    return [f"{strange:,} of {watched.symbols:,} tokens of the {part} text are not in the vocabulary"]


def _write(made: Path, found: PreparedText, about: str) -> None:
    """Write everything besides the token files."""
    for new, old in (("train", "as_read"), ("test", "all_tested")):
        if (made / new).exists():
            (made / old).unlink()
        else:
            (made / old).rename(made / new)
    parts = {"uncut": found.uncut, "train": found.train, "validation": found.validation, "test": found.test}
    kept = {part: split for part, split in parts.items() if split is not None}
    np.savez(made / _INDEX, allow_pickle=False, **{part: split.starts for part, split in kept.items()})
    record = {
        "about": about,
        "kind": str(found.train.tokens.dtype),
        "parts": {part: (len(split.tokens), split.characters, split.is_end) for part, split in kept.items()},
        "fingerprint": found.fingerprint,
        "test_split": found.test_split,
        "notes": found.notes,
        "limited": found.limited,
    }
    write_text(made / _VOCABULARY, found.vocabulary.to_json())
    write_text(made / _RECORD, json.dumps(record))


def _read(entry: Path) -> PreparedText:
    """Read a cache entry."""
    index = read_arrays(entry / _INDEX)
    record: dict[str, Any] = json.loads((entry / _RECORD).read_text(encoding="utf-8"))
    kind = {"uint16": np.uint16, "int32": np.int32}[record["kind"]]
    files: dict[str, np.ndarray] = {part: np.memmap(entry / part, kind, "r") for part in ("train", "test")}
    splits = {}
    for part, (count, characters, is_end) in record["parts"].items():
        tokens = files["test" if part == "test" else "train"]
        tokens = tokens[-count:] if part == "validation" else tokens[:count]
        splits[part] = TextSplit(tokens, index[part], characters, is_end)
        if len(tokens) != count or splits[part].starts[-1] > count:
            raise ValueError(f"{entry / part} has changed in length")
    return PreparedText(
        Vocabulary.from_json((entry / _VOCABULARY).read_text(encoding="utf-8")),
        splits.get("uncut"),
        splits["train"],
        splits.get("validation"),
        splits["test"],
        str(record["fingerprint"]),
        str(record["test_split"]),
        tuple(map(str, record["notes"])),
        str(record["limited"]),
    )
