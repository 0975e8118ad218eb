"""Reads time series from CSV and .npz files and NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aigc_tf.data.files import load_arrays
from aigc_tf.data.series.clock import Clock, counts_time, find_clock
from aigc_tf.data.series.numbers import is_missing, quoted
from aigc_tf.data.series.sheet import Sheet, read_sheet
from aigc_tf.data.series.steps import even_steps
from aigc_tf.errors import InputError, printable
from aigc_tf.recipes.series import SeriesSettings

DEFAULT = SeriesSettings()
_LARGEST = 1e30  # float32 ends at 3e38, and squares have to fit as well
_ARRAY = "expected numbers of shape [time] or [time, series]"
_FIX = "fill the gap, or name other columns with series.columns; series.missing interpolate fills gaps in between"


@dataclass(frozen=True, eq=False)
class Table:
    """Series side by side, as read."""

    names: tuple[str, ...]
    values: np.ndarray
    """float64 `[time, series]`, finite."""
    reading: str = ""
    """Notes on how they were read: what was recognised, reversed, filled and left out."""


def table_of_array(values: np.ndarray, what: str, columns: Sequence[str]) -> Table:
    """Series from an array.

    Args:
        values: integers or floats, `[time]` or `[time, series]`; the series are called series_1, series_2, ...
        what: the array's name in messages.
        columns: names of the series to use; none means all.

    Raises:
        InputError: it is something else, or contains NaN or infinite numbers.
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


def read_table(path: Path, columns: Sequence[str], settings: SeriesSettings = DEFAULT) -> Table:
    """Read the series in a file: .npz with `read_npz`, anything else as a text table with `read_csv`."""
    return read_npz(path, columns) if path.suffix.lower() == ".npz" else read_csv(path, columns, settings)


def read_npz(path: Path, columns: Sequence[str]) -> Table:
    """Read the only array of an .npz file; see `table_of_array`.

    Raises:
        InputError: the file cannot be read, would need unpickling, or has other content.
    """
    arrays = load_arrays(path)
    if len(arrays) != 1:
        raise InputError(f"{printable(str(path))} holds {', '.join(arrays) or 'nothing'}: save a single array in it")
    ((name, values),) = arrays.items()
    return table_of_array(values, f"{printable(str(path))}: {name}", columns)


def read_csv(path: Path, columns: Sequence[str], settings: SeriesSettings = DEFAULT) -> Table:
    """Read the numeric columns of a text table with a header, sorted by its time column.

    Args:
        path: the file.
        columns: names of the columns to use; none means all with numbers that are not times.
        settings: format of the file, where it should not be detected, and how gaps are treated.

    Raises:
        InputError: the file cannot be read, its times are ambiguous or repeated, or a cell of a used column is not a
            finite number.
    """
    sheet = read_sheet(path, settings)
    named = _positions(columns, sheet.header, sheet.what)
    clock = find_clock(sheet, named)
    chosen, left_out = (named, []) if named else _numeric(sheet, clock)
    if not chosen:
        reasons = printable(f"; {', '.join(left_out)}") if left_out else ""
        raise InputError(
            f"{sheet.what} has no column of numbers, only {_listed(sheet.header)}: name another file{reasons}"
        )
    written = [note for at in chosen if (note := _checked(sheet, at, settings.missing))]
    values = np.stack([sheet.numbers(at).values for at in chosen], axis=1)
    names = tuple(sheet.header[at] for at in chosen)
    gaps = np.isnan(values) if settings.missing == "interpolate" else np.zeros_like(values, bool)
    _check(Table(names, np.where(gaps, 0, values)), sheet.what, lambda row: f"line {sheet.lines[row]}")
    values, facts = even_steps(values, names, clock, sheet, settings.missing)
    facts = [sheet.dialect, *facts, *written, *([f"left out: {', '.join(left_out)}"] if left_out else [])]
    return Table(names, values, printable("; ".join(facts)))


def _numeric(sheet: Sheet, clock: Clock | None) -> tuple[list[int], list[str]]:
    """Positions of the columns with series, and the other columns, except the clock's, with the reason for each."""
    chosen, left_out = [], []
    for at, cells in enumerate(sheet.columns):
        name = sheet.header[at] or "a column without a name"
        if clock is not None and at in clock.columns:
            continue
        first = next((row for row, cell in enumerate(cells) if not is_missing(cell)), None)
        if not sheet.numbers(at).found:
            held = "is empty" if first is None else f"line {sheet.lines[first]} holds {quoted(cells[first])}"
            left_out.append(f"{name} ({held})")
        elif clock is not None and counts_time(sheet, at):
            left_out.append(f"{name} (also counts time)")
        else:
            chosen.append(at)
    return chosen, left_out


def _checked(sheet: Sheet, at: int, missing: str) -> str:
    """The notation of a column's numbers, in words; empty for digits only.

    Raises:
        InputError: a cell is neither a number nor a gap to interpolate; or units are mixed.
    """
    numbers, cells = sheet.numbers(at), sheet.columns[at]
    if numbers.mixed is not None:
        one, other = (f"{quoted(cells[row])} in line {sheet.lines[row]}" for row in numbers.mixed)
        raise InputError(f"{sheet.place(at)} holds {one} and {other}: give all in one unit")
    gaps = np.flatnonzero(np.isnan(numbers.values) & (missing != "interpolate"))
    bad = int(gaps[0]) if len(gaps) else numbers.strange
    if bad is not None:
        cell = cells[bad]
        held = {"": "is empty", "nan": "holds nan"}.get(cell, f"holds {quoted(cell)}, not a number")
        raise InputError(f"{sheet.place(at)}, line {sheet.lines[bad]} {held}: {_FIX}")
    return f"{sheet.header[at]} with {numbers.written}" if numbers.written else ""


def _positions(columns: Sequence[str], names: Sequence[str], what: str) -> list[int]:
    """Positions of columns among the available names.

    Raises:
        InputError: one does not exist, or exists more than once.
    """
    for column in columns:
        if names.count(column) != 1:
            fault = f"{names.count(column)} columns" if column in names else "no column"
            raise InputError(f"{what} has {fault} {printable(column)}: choose series.columns among {_listed(names)}")
    return [names.index(column) for column in columns]


def _check(table: Table, what: str, row_name: Callable[[int], str]) -> None:
    """Raise InputError for NaN, infinite numbers, or numbers too large to be squared in float32."""
    bad = ~(np.abs(table.values) <= _LARGEST)  # also true for NaN
    if bad.any():
        row, series = (int(index) for index in np.argwhere(bad)[0])
        value = float(table.values[row, series])
        fix = "give it in a larger unit" if np.isfinite(value) else _FIX
        raise InputError(f"{what}: column {printable(table.names[series])}, {row_name(row)} holds {value:g}: {fix}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(printable(name) or "(no name)" for name in names)
