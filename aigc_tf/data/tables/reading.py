"""Reads table columns as numbers or categories, detecting the type of each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from aigc_tf.data.series.numbers import quoted
from aigc_tf.data.series.sheet import Sheet, read_sheet
from aigc_tf.errors import InputError, closest, listed, printable
from aigc_tf.recipes.tables import TableSettings

FEW = 6
"""Integers with at most this many distinct values are categories, such as 0 and 1."""
MAX_KINDS = 50
"""Text columns with more distinct values are left out: names, dates, customer numbers."""
_LARGEST = 1e30  # float32 ends at 3e38, and squares have to fit as well
_MAX_DECIMALS = 12
_GAPS = {"", "na", "n/a", "nan", "null", "?", "-"}  # missing values in text; "none" may be a category


class Cells(NamedTuple):
    """A column as read."""

    name: str
    numbers: np.ndarray | None
    """float64 `[rows]`, NaN where missing; None for categories."""
    texts: tuple[str, ...]
    """For categories, with empty strings where missing."""
    decimals: int = 0
    """For numbers: the maximum number of digits after the point."""


class Table(NamedTuple):
    """Columns of equal length that can be learnt."""

    columns: list[Cells]
    left_out: list[str]
    """Names of the other columns, each with the reason."""
    dialect: str
    """The format of the file, in words."""

    @property
    def rows(self) -> int:
        """Number of rows."""
        first = self.columns[0]
        return len(first.texts) if first.numbers is None else len(first.numbers)


def read_file(path: Path, settings: TableSettings) -> Table:
    """Read the table in a file with a header.

    Raises:
        InputError: it cannot be read, or has no column that can be learnt.
        OSError: the system cannot read the file.
    """
    return table_of(read_sheet(path, settings), settings)


def table_of(sheet: Sheet, settings: TableSettings) -> Table:
    """The requested columns of a sheet.

    A column is a category if the settings say so, if it is text with at most 50 distinct values, or integers with at
    most 6; otherwise it is numeric. A column is left out if it is empty, constant, or text with more distinct values.

    Raises:
        InputError: a name is missing or repeated, numbers and text are mixed, a number is too large, or nothing is
            left.
    """
    header = sheet.header
    for name in header:
        if not name or header.count(name) > 1:
            fault = f"{header.count(name)} columns called {printable(name)}" if name else "a column without a name"
            raise InputError(f"{sheet.what} has {fault}: give each a name of its own")
    for setting in ("columns", "categories", "numbers"):
        for name in getattr(settings, setting):
            require_column(name, header, sheet.what, f"table.{setting}")
    columns, left_out = [], []
    for name in settings.columns or header:
        found = _column(sheet, header.index(name), settings)
        if isinstance(found, Cells):
            columns.append(found)
        else:
            left_out.append(f"{printable(name)} ({found})")
    if not columns:
        raise InputError(f"{sheet.what} has no column to learn: {listed(left_out)}")
    return Table(columns, left_out, sheet.dialect)


def require_column(name: str, header: Sequence[str], what: str, setting: str) -> None:
    """Raise InputError if there is no such column."""
    if name not in header:
        near = closest(name, header)
        hint = f"did you mean {printable(near)}?" if near else f"its columns are {printable(listed(list(header)))}"
        raise InputError(f"{what} has no column {printable(name)} ({setting}): {hint}")


def _column(sheet: Sheet, at: int, settings: TableSettings) -> Cells | str:
    """A column, or why it is left out."""
    name, cells = sheet.header[at], sheet.columns[at]
    texts = tuple("" if cell.casefold() in _GAPS else cell for cell in cells)
    kinds = set(texts) - {""}
    if not kinds:
        return "only gaps"
    if len(set(texts)) == 1:
        return f"only one value, {quoted(texts[0])}"
    numbers = sheet.numbers(at)
    strange = numbers.strange
    if name in settings.numbers and strange is not None:
        raise InputError(
            f"{sheet.place(at)}, line {sheet.lines[strange]} holds {quoted(cells[strange])}, not a number: fix that "
            "cell, or leave the column out of table.numbers"
        )
    is_number = strange is None and name not in settings.categories
    if is_number and (name in settings.numbers or not _are_few(numbers.values)):
        return _numbers(sheet, at)
    if len(kinds) <= MAX_KINDS:
        return Cells(name, None, texts)
    if name in settings.categories or strange is None:
        raise InputError(f"{sheet.place(at)} has {len(kinds)} kinds, more than {MAX_KINDS}: leave it out")
    found = int(np.isfinite(numbers.values).sum())
    if 2 * found > sum(text != "" for text in texts):
        raise InputError(
            f"{sheet.place(at)} holds numbers, and in line {sheet.lines[strange]} {quoted(cells[strange])}: fix that "
            "cell, or choose other columns with table.columns"
        )
    return f"{len(kinds)} different texts, more than {MAX_KINDS}"


def _are_few(values: np.ndarray) -> bool:
    different = np.unique(values[~np.isnan(values)])
    return len(different) <= FEW and bool(
        (np.abs(different) < _LARGEST).all() and (different == different.round()).all()
    )


def _numbers(sheet: Sheet, at: int) -> Cells:
    read, cells = sheet.numbers(at), sheet.columns[at]
    if read.mixed is not None:
        one, other = (f"{quoted(cells[row])} in line {sheet.lines[row]}" for row in read.mixed)
        raise InputError(f"{sheet.place(at)} holds {one} and {other}: give all in one unit")
    bad = np.flatnonzero(np.abs(read.values) > _LARGEST)
    if len(bad):
        row = int(bad[0])
        raise InputError(
            f"{sheet.place(at)}, line {sheet.lines[row]} holds {quoted(cells[row])}, beyond {_LARGEST:g}: give it in a "
            "larger unit, or leave the cell empty"
        )
    return Cells(sheet.header[at], read.values, (), decimals_of(read.values))


def decimals_of(values: np.ndarray) -> int:
    """The minimum number of decimals that represents all numbers, at most 12; 0 for integers."""
    known = values[~np.isnan(values)]
    for decimals in range(_MAX_DECIMALS):
        if np.allclose(np.round(known, decimals), known, rtol=1e-12, atol=0):
            return decimals
    return _MAX_DECIMALS


def table_of_rows(names: Sequence[str], rows: Sequence[Sequence[object]], what: str, settings: TableSettings) -> Table:
    """A table from Python rows, whose cells are numbers, text, or None where missing."""
    width = len(names)
    for number, row in enumerate(rows, 1):
        if len(row) != width:
            raise InputError(f"{what}: row {number} has {len(row)} cells, and there are {width} names of columns")
    columns = tuple([_text(row[at]) for row in rows] for at in range(width))
    lines = tuple(range(1, len(rows) + 1))
    sheet = Sheet(what, tuple(map(str, names)), lines, columns, ".", "rows from Python")
    return table_of(sheet, settings)


def _text(cell: object) -> str:
    """A cell as in a file; 2.0 is 2."""
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
