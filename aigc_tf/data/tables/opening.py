"""Opens sources of table rows: from user files, Python packages, Python data, or synthetic."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aigc_tf.data.paths import existing, is_path
from aigc_tf.data.source import GIVEN, held_out_by_key
from aigc_tf.data.tables.made_up import patients
from aigc_tf.data.tables.modes import fit_modes
from aigc_tf.data.tables.public import PUBLIC, read_public
from aigc_tf.data.tables.reading import Cells, Table, read_file, require_column, table_of_rows
from aigc_tf.data.tables.scheme import Category, Column, Number, Scheme
from aigc_tf.data.tables.source import TableSource
from aigc_tf.errors import InputError, listed, printable
from aigc_tf.recipes.tables import TableRecipe, TableSettings

AUTO = "patients"
TEST_SPLIT = "a fifth of the rows, by a hash of their content; equal rows are on one side"
_OWN, _MADE_UP = "the user's own", "synthetic data of this project, Apache-2.0"
_EXPECTED = f"a CSV file with a row for each example, {', '.join(PUBLIC)}, or auto"
_SUFFIXES = (".csv", ".tsv", ".txt")
_MIN_ROWS = 50  # with fewer there is nothing to learn or to evaluate
_TESTED = 5  # one row in this many is held out
_SAID = 12  # maximum number of columns listed in the note


def open_source(recipe: TableRecipe, data: Any = None) -> TableSource:
    """Open the rows of a recipe.

    Args:
        recipe: its `source` is a CSV file, a table from a Python package (`breast_cancer`, `diabetes`, `fair`), or auto
            (`patients`, synthetic).
        data: replaces the source: columns by name, a sequence of such rows, or a pandas table.

    Raises:
        InputError: the source or the data is missing or invalid.
    """
    settings = recipe.table
    name, licence, table = _read(recipe, data)
    if table.rows < _MIN_ROWS:
        raise InputError(f"{printable(name)} has {table.rows} rows, and {_MIN_ROWS} are needed: give more")
    names = [column.name for column in table.columns]
    if settings.target is not None:
        require_column(settings.target, names, printable(name), "table.target")
    keys = [_key(row) for row in _contents(table)]
    tested = held_out_by_key(np.array(keys, np.uint64), table.rows // _TESTED)
    scheme = Scheme(tuple(_learnt(column, ~tested, settings, name) for column in table.columns))
    values = np.stack([_values(cells, column) for cells, column in zip(table.columns, scheme.columns, strict=True)], 1)
    source = TableSource(
        name=name,
        licence=licence,
        test_split=TEST_SPLIT,
        content=hashlib.sha256("\n".join(["\0".join(names), *_contents(table)]).encode()).hexdigest(),
        scheme=scheme,
        target=names.index(settings.target) if settings.target else len(names) - 1,
        by_condition=recipe.draws_by_condition,
        train=values[~tested],
        test=values[tested],
    ).for_recipe(recipe)
    if not len(source.test) or not len(source.train):
        raise InputError(f"{printable(name)} has too few different rows to hold some out: give more")
    return dataclasses.replace(source, notes=_notes(source, table))


def _read(recipe: TableRecipe, data: Any) -> tuple[str, str, Table]:
    """The name of the table, its licence, and its columns."""
    name, settings = recipe.source, recipe.table
    if data is not None:
        return GIVEN, _OWN, table_of_rows(*_given(data), "data", settings)
    if name in ("auto", AUTO):
        return AUTO, _MADE_UP, table_of_rows(*_given(patients()), AUTO, settings)
    if name in PUBLIC:
        return name, PUBLIC[name].licence, table_of_rows(*_given(read_public(name)), name, settings)
    if not is_path(name, _SUFFIXES, _EXPECTED):
        raise InputError(f"source {printable(name)} is not known: name {_EXPECTED}")
    path = existing(name, _EXPECTED)
    if path.is_dir():
        raise InputError(f"source {printable(str(path))} is a folder: name {_EXPECTED}")
    return str(path), _OWN, read_file(path, settings)


def _given(data: Any) -> tuple[list[str], list[list[object]]]:
    """Column names, and rows."""
    if hasattr(data, "to_dict"):  # pandas
        data = data.to_dict("list")
    try:
        if isinstance(data, Mapping):
            return list(data), [list(row) for row in zip(*data.values(), strict=True)]
        names = list(data[0])
        return names, [[row[name] for name in names] for row in data]
    except (TypeError, ValueError, KeyError, IndexError) as error:
        raise InputError(
            f"data is not a table: give columns of one length, or rows, by name ({type(error).__name__}: {error})"
        ) from None


def _contents(table: Table) -> list[str]:
    """The content of each row as text."""
    columns = [
        column.texts if column.numbers is None else [repr(value) for value in column.numbers.tolist()]
        for column in table.columns
    ]
    return ["\0".join(row) for row in zip(*columns, strict=True)]


def _key(content: str) -> int:
    return int.from_bytes(hashlib.blake2b(content.encode(), digest_size=8, person=b"test").digest())


def _learnt(cells: Cells, training: np.ndarray, settings: TableSettings, what: str) -> Column:
    """A column fitted to its training rows; categories come from all rows, so that test rows have no unknown ones."""
    if cells.numbers is None:
        names = tuple(sorted(set(cells.texts)))
        places = np.searchsorted(np.array(names), np.array(cells.texts)[training])
        return Category(cells.name, _shares(np.bincount(places, minlength=len(names))), names)
    values = cells.numbers[training]
    known = values[~np.isnan(values)]
    if len(np.unique(known)) < 2:
        raise InputError(
            f"{printable(what)}: column {printable(cells.name)} has only one value outside the test rows: leave it out "
            "with table.columns"
        )
    modes = fit_modes(known, settings.modes)
    counts = [*(modes.shares * len(known)), *([len(values) - len(known)] if np.isnan(cells.numbers).any() else [])]
    return Number(
        cells.name,
        _shares(np.array(counts)),
        tuple(modes.means.tolist()),
        tuple(modes.deviations.tolist()),
        float(known.min()),
        float(known.max()),
        cells.decimals,
    )


def _shares(counts: np.ndarray) -> tuple[float, ...]:
    return tuple((counts / counts.sum()).tolist())


def _values(cells: Cells, column: Column) -> np.ndarray:
    if cells.numbers is not None:
        return cells.numbers
    assert isinstance(column, Category)
    return np.searchsorted(np.array(column.names), np.array(cells.texts)).astype(np.float64)


def _notes(source: TableSource, table: Table) -> tuple[str, ...]:
    columns: Sequence[Column] = source.scheme.columns
    numbers = len(source.scheme.numeric)
    more = f"; and {len(columns) - _SAID} more" if len(columns) > _SAID else ""
    target = printable(columns[source.target].name)
    return (
        f"{printable(source.name)}: {source.sizes_in_words('rows', len)}; read as {printable(table.dialect)}",
        f"{numbers} columns of numbers and {len(columns) - numbers} of categories: "
        f"{'; '.join(printable(column.words()) for column in columns[:_SAID])}{more}",
        f"what is predicted where rows are measured: {target} (another one with --table.target)",
        *([f"columns left out: {listed(table.left_out)}"] if table.left_out else []),
    )
