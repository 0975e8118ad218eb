"""Series of real numbers in the user's files and arrays: CSV, .npz, NumPy."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aigc_tf.data.files import load_arrays, read_text
from aigc_tf.errors import InputError, UnreadableError, printable

# What a first column of such a name holds is when the values were measured, as a number or not.
_TIMES = frozenset({"", "date", "datetime", "day", "index", "month", "time", "timestamp", "year"})
_LARGEST = 1e30  # float32 ends at 3e38, and squares have to fit too
_ARRAY = "expected numbers of shape [time] or [time, series]"
_FIX = "fill the gap, or name other columns with series.columns"


@dataclass(frozen=True, eq=False)
class Table:
    """Series side by side, as they were found."""

    names: tuple[str, ...]
    values: np.ndarray
    """float64 `[time, series]`, finite."""


def table_of_array(values: np.ndarray, what: str, columns: Sequence[str]) -> Table:
    """Series that are an array.

    Args:
        values: integers or floats, `[time]` or `[time, series]`; the series are called series_1, series_2, ...
        what: names the array in messages.
        columns: the names of those that are used; none for all.

    Raises:
        InputError: it is something else, or holds what is not finite.
    """
    found = f"{what} is {values.dtype} of shape {list(values.shape)}"
    if values.dtype.kind not in "iuf" or values.ndim not in (1, 2):
        raise InputError(f"{found}: {_ARRAY}")
    if not values.size:
        raise InputError(f"{found}: it is empty")
    values = values.reshape(len(values), -1).astype(np.float64)
    names = [f"series_{number}" for number in range(1, values.shape[1] + 1)]
    chosen = _positions(columns, names, what) or range(len(names))
    table = Table(tuple(names[at] for at in chosen), values[:, list(chosen)])
    _check(table, what, lambda row: f"row {row + 1}")
    return table


def read_npz(path: Path, columns: Sequence[str]) -> Table:
    """The one array of an .npz file; see `table_of_array`.

    Raises:
        InputError: the file cannot be read, would need unpickling, or holds something else.
    """
    arrays = load_arrays(path)
    if len(arrays) != 1:
        raise InputError(f"{printable(str(path))} holds {', '.join(arrays) or 'nothing'}: save a single array in it")
    ((name, values),) = arrays.items()
    return table_of_array(values, f"{printable(str(path))}: {name}", columns)


def read_csv(path: Path, columns: Sequence[str]) -> Table:
    """The columns of numbers of a CSV file whose first row is their names.

    Args:
        path: of a file in UTF-8, its cells separated by commas.
        columns: the names of those that are used; none for all that hold a number, but for a first column of dates.

    Raises:
        InputError: the file cannot be read, or a cell of a used column holds no finite number.
    """
    header, lines, rows = _cells(path)
    what = printable(str(path))
    chosen = _positions(columns, header, what) or _numeric(header, rows)
    if not chosen:
        raise InputError(f"{what} has no column of numbers, only {_listed(header)}: name another file")
    values = np.empty((len(rows), len(chosen)))
    for series, at in enumerate(chosen):
        cells = [row[at] for row in rows]
        try:
            values[:, series] = np.array(cells, dtype=np.float64)
        except ValueError:
            bad = next(row for row, cell in enumerate(cells) if not _is_number(cell))
            held = f"holds {cells[bad].strip()!r}, no number" if cells[bad].strip() else "is empty"
            raise InputError(f"{what}: column {header[at]}, line {lines[bad]} {held}: {_FIX}") from None
    table = Table(tuple(header[at] for at in chosen), values)
    _check(table, what, lambda row: f"line {lines[row]}")
    return table


def _cells(path: Path) -> tuple[list[str], list[int], list[list[str]]]:
    """The names of all columns; of each row the line of the file where it ends, and its cells."""
    what = printable(str(path))
    try:
        reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
        found = [(reader.line_num, row) for row in reader if row]
    except UnreadableError as error:
        raise InputError(f"source {what} {error}") from error
    except csv.Error as error:
        raise InputError(f"{what} cannot be read as CSV, see line {reader.line_num}: {error}") from error
    (_, header), rows = found[0], found[1:]
    names = [cell.strip() for cell in header]
    number = next((name for name in names if _is_number(name)), None)
    if number is not None:
        raise InputError(f"{what} has the number {number} in its first row: put the names of the columns there")
    if len(names) == 1 and (";" in names[0] or "\t" in names[0]):
        raise InputError(f"{what} separates its cells by semicolons or tabs: separate them by commas")
    if not rows:
        raise InputError(f"{what} has no rows below its names of columns: name a file that holds numbers")
    for line, row in rows:
        if len(row) != len(names):
            raise InputError(f"{what}: line {line} has {len(row)} cells and the first row {len(names)}: fix that line")
    return names, [line for line, _ in rows], [row for _, row in rows]


def _numeric(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[int]:
    """Positions of the columns of which at least one cell is a number, but for a first column of dates."""
    first = int(header[0].lower() in _TIMES)
    return [at for at in range(first, len(header)) if any(_is_number(row[at]) for row in rows)]


def _positions(columns: Sequence[str], names: Sequence[str], what: str) -> list[int]:
    """Where columns stand among the names that there are.

    Raises:
        InputError: one is not there, or more than once.
    """
    for column in columns:
        if names.count(column) != 1:
            fault = f"{names.count(column)} columns" if column in names else "no column"
            raise InputError(f"{what} has {fault} {column}: choose series.columns among {_listed(names)}")
    return [names.index(column) for column in columns]


def _check(table: Table, what: str, row_name: Callable[[int], str]) -> None:
    """Raise InputError if a number is not finite, or too large to be squared in float32."""
    bad = ~(np.abs(table.values) <= _LARGEST)  # NaN too
    if bad.any():
        row, series = (int(index) for index in np.argwhere(bad)[0])
        value = float(table.values[row, series])
        fix = "give it in a larger unit" if np.isfinite(value) else _FIX
        raise InputError(f"{what}: column {table.names[series]}, {row_name(row)} holds {value:g}: {fix}")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _listed(names: Sequence[str]) -> str:
    return ", ".join(name or "(no name)" for name in names)
