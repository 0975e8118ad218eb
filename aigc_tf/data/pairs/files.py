"""Reads text pairs from tables, JSON lines and parallel files; reports which columns were used."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from aigc_tf.data.files import read_text
from aigc_tf.errors import InputError, UnreadableError, closest, printable
from aigc_tf.recipes.seq2seq import PairSettings

# Common names of the two columns. A first line with only such names, or the requested ones, is a header.
_SOURCES = ("source", "src", "input", "text", "document", "article", "question", "prompt", "dialogue")
_TARGETS = ("target", "tgt", "output", "summary", "highlights", "translation", "answer", "response", "reply")
_DELIMITERS = ",;\t|"
_LANGUAGE = 2  # letters of a language code, which may also name a column of a translation


class Pair(NamedTuple):
    """Two texts."""

    source: str
    target: str


@dataclass(frozen=True)
class Read:
    """The content of a file."""

    pairs: Sequence[Pair]
    words: str = ""
    """Which columns were used."""
    empty: int = 0
    """Number of pairs left out because a side is blank."""
    limited: bool = False
    """Whether there are more than `pairs.max_pairs`."""


Rows = Iterator[tuple[int, Sequence[str]]]
"""The cells of each line, with its number from 1."""


def read_pairs(path: Path, settings: PairSettings) -> Read:
    """Read the pairs of a file: .csv is a table, .jsonl JSON lines, anything else tab-separated.

    Args:
        path: the file.
        settings: the columns, or the second file; and the maximum number of pairs.

    Raises:
        InputError: it cannot be read, or does not have the form that its suffix and the settings require.
    """
    if settings.target is not None:
        return _parallel(path, Path(settings.target), settings)
    ending, text = path.suffix.lower(), _text(path)
    if ending in (".jsonl", ".ndjson"):
        return _of_objects(path, text, settings)
    rows = _csv(path, text) if ending == ".csv" else _tabs(text)
    return _of_table(path, rows, settings)


def _text(path: Path) -> str:
    try:
        return read_text(path)
    except UnreadableError as error:
        raise InputError(f"source {printable(str(path))} {error}") from error


def _tabs(text: str) -> Rows:
    """Tab-separated cells; quotation marks have no special meaning."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line.split("\t")


def _csv(path: Path, text: str) -> Rows:
    first = text.lstrip().partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise InputError(f"source {printable(str(path))}, line {reader.line_num}: {error}") from error


def _of_table(path: Path, rows: Rows, settings: PairSettings) -> Read:
    try:
        first = next(rows)
    except StopIteration:
        raise InputError(f"source {printable(str(path))} is empty: name a table of pairs") from None
    places, has_header = _places(path, first[1], settings.columns)
    cells = first[1]
    names = [cells[place].strip() if has_header else f"column {place + 1}" for place in places]
    found = _collected(
        (
            _chosen(path, number, row, places)
            for number, row in (rows if has_header else itertools.chain([first], rows))
        ),
        settings,
    )
    header = ", its first line the names of columns" if has_header else ""
    return Read(found.pairs, f"{' and '.join(names[:-1])} -> {names[-1]}{header}", found.empty, found.limited)


def _chosen(path: Path, number: int, row: Sequence[str], places: Sequence[int]) -> Pair:
    if max(places) >= len(row):
        raise InputError(
            f"source {printable(str(path))}, line {number}: it has {len(row)} columns, and column {max(places) + 1} is "
            "needed: fix the line, or name others with pairs.columns"
        )
    *turns, target = (row[place] for place in places)
    return Pair("\n".join(turn.strip() for turn in turns), target.strip())


def _places(path: Path, first: Sequence[str], columns: Sequence[str] | None) -> tuple[list[int], bool]:
    """Indices of the columns, and whether the first line is a header."""
    names = [cell.strip() for cell in first]
    if columns is None:
        if len(names) != 2:
            raise InputError(
                f"source {printable(str(path))} has {len(names)} columns: say with pairs.columns which two are the "
                "source and the target, by name or by number from 1 on"
            )
        return [0, 1], _is_header(names)
    places = []
    for column in columns:
        if column.isdecimal():
            if not 1 <= int(column) <= len(names):
                raise InputError(f"pairs.columns is {column}: {printable(str(path))} has columns 1 to {len(names)}")
            places.append(int(column) - 1)
        elif column in names:
            places.append(names.index(column))
        else:
            near = closest(column, names)
            hint = f"did you mean {near}?" if near else f"its first line has {printable(', '.join(names))}"
            raise InputError(f"pairs.columns is {column}: {printable(str(path))} has no such column, {hint}")
    named = not all(column.isdecimal() for column in columns)
    return places, named or _is_header([names[place] for place in places])


def _is_header(names: Sequence[str]) -> bool:
    """Whether cells are common names of the two sides, or two language codes."""
    small = [name.casefold() for name in names]
    known = any(name in _SOURCES for name in small[:-1]) and small[-1] in _TARGETS
    languages = len(set(small)) == len(small) and all(len(name) == _LANGUAGE and name.isalpha() for name in small)
    return known or languages


def _of_objects(path: Path, text: str, settings: PairSettings) -> Read:
    """JSON lines: objects, or lists of two strings."""
    columns: Sequence[str] | None = settings.columns

    def pair(number: int, line: str) -> Pair:
        nonlocal columns
        place = f"source {printable(str(path))}, line {number}"
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{place} is not JSON: {error}") from error
        if isinstance(value, list):
            value = {str(index): cell for index, cell in enumerate(value, 1)}
        if not isinstance(value, dict):
            raise InputError(f"{place} is neither an object nor a list: {printable(line[:40])}")
        if columns is None:
            columns = _known(list(value))
        if columns is None:
            raise InputError(f"{place} has {printable(', '.join(value))}: say with pairs.columns which two are needed")
        cells = [value.get(column) for column in columns]
        for column, cell in zip(columns, cells, strict=True):
            if not isinstance(cell, str):
                raise InputError(f"{place} has no text under {column!r}: fix it, or name others with pairs.columns")
        *turns, target = (str(cell).strip() for cell in cells)
        return Pair("\n".join(turns), target)

    lines = ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())
    found = _collected((pair(number, line) for number, line in lines), settings)
    *sources, target = columns or ("", "")
    return Read(found.pairs, f"{' and '.join(sources)} -> {target}", found.empty, found.limited)


def _known(names: Sequence[str]) -> Sequence[str] | None:
    """The names of source and target among columns; None if not recognised."""
    if len(names) == 2:
        return names if names[0].casefold() not in _TARGETS else names[::-1]
    sources, targets = ([name for name in names if name.casefold() in known] for known in (_SOURCES, _TARGETS))
    return (sources[0], targets[0]) if len(sources) == len(targets) == 1 else None


def _parallel(path: Path, other: Path, settings: PairSettings) -> Read:
    sides = []
    for file in (path, other):
        if not file.is_file():
            raise InputError(f"{printable(str(file))} does not exist, or is not a file: two parallel files are needed")
        sides.append(_text(file).rstrip("\n").split("\n"))
    if len(sides[0]) != len(sides[1]):
        raise InputError(
            f"{printable(str(path))} has {len(sides[0]):,} lines and {printable(str(other))} {len(sides[1]):,}: each "
            "line must pair with the same line of the other"
        )
    found = _collected((Pair(one.strip(), two.strip()) for one, two in zip(*sides, strict=True)), settings)
    return Read(found.pairs, f"{path.name} -> {other.name}, line by line", found.empty, found.limited)


def _collected(pairs: Iterable[Pair], settings: PairSettings) -> Read:
    """Pairs with two non-blank texts, at most `pairs.max_pairs`."""
    kept: list[Pair] = []
    empty = 0
    for pair in pairs:
        if len(kept) == settings.max_pairs:
            return Read(kept, empty=empty, limited=True)
        if pair.source.strip() and pair.target:
            kept.append(pair)
        else:
            empty += 1
    return Read(kept, empty=empty)


def given_pairs(data: Any, settings: PairSettings, check: Callable[[str, str], None]) -> Read:
    """Pairs given from Python, as a sequence of two strings each.

    Args:
        data: the pairs.
        settings: sets the maximum number of pairs.
        check: raises InputError for an invalid text, described by its second argument.
    """
    if isinstance(data, str) or not isinstance(data, Sequence):
        raise InputError(f"data is a {type(data).__name__}: expected a sequence of pairs of strings")
    for number, pair in enumerate(data, 1):
        if isinstance(pair, str) or len(pair) != 2 or not all(isinstance(text, str) for text in pair):
            raise InputError(f"element {number:,} of data is not a pair of strings")
        for text in pair:
            check(text, f"element {number:,} of data")
    return _collected((Pair(source.strip(), target.strip()) for source, target in data), settings)
