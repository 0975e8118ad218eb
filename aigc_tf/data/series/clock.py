"""Finds the time column of a table, and sorts rows by time."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

import numpy as np

from aigc_tf.data.series.numbers import quoted
from aigc_tf.data.series.sheet import Sheet
from aigc_tf.data.series.times import NO_DATE, from_numbers, is_even, read_dates
from aigc_tf.errors import InputError, printable

_PARTS = {
    "year": {"year", "yr", "年", "年份"},
    "month": {"month", "月", "月份"},
    "day": {"day", "日"},
    "hour": {"hour", "hr", "时", "小时"},
    "minute": {"minute", "min", "分", "分钟"},
}
_OF_DAY = {"time", "时间", "hour", "小时"}
_NAMES = {
    *(
        "date",
        "datetime",
        "elapsed",
        "epoch",
        "index",
        "quarter",
        "step",
        "t",
        "time",
        "timestamp",
        "ts",
        "unix",
        "week",
    ),
    *("elapsed", "seconds", "minutes", "hours", "days", "weeks", "months", "years", "unnamed"),
    *("日期", "时间", "时刻", "时间戳", "周", "季度", "期", "序号"),
}.union(*_PARTS.values())
_UNORDERED = "its cells neither rise nor fall: sort the rows"
_CHOOSE = "name the series with series.columns"


@dataclass(frozen=True, eq=False)
class Clock:
    """The times of a table's rows."""

    columns: tuple[int, ...]
    """Positions of the columns with the time."""
    times: np.ndarray
    """datetime64[us] or float64 `[rows]`."""
    cells: Sequence[str]
    """As written in the file."""
    name: str

    @property
    def repeats(self) -> bool:
        """Whether a time occurs more than once."""
        return len(np.unique(self.times)) < len(self.times)


def find_clock(sheet: Sheet, series: Collection[int]) -> Clock | None:
    """Find the times of the rows.

    Columns of dates named like a time come first, then other columns whose dates rise or fall; then numbers (see
    `_count`), and finally dates with any name in any order.

    Args:
        sheet: the table.
        series: positions of columns that the user named as series.

    Raises:
        InputError: a column is named like a time or contains dates, but cannot be read as times.
    """
    if len(sheet.header) == 1:
        return None
    free = [at for at in range(len(sheet.header)) if at not in series]
    named = [columns for columns in (_parts(sheet, free), *((at,) for at in free if _is_named(sheet, at))) if columns]
    others = [(at,) for at in free if not _is_named(sheet, at)]
    attempts = (
        *(partial(_dates, sheet, columns) for columns in named),
        *(partial(_dates, sheet, columns, ordered=True) for columns in others),
        *(partial(_count, sheet, at) for at in free),
        *(partial(_dates, sheet, columns) for columns in others),
    )
    faults: list[InputError] = []
    for attempt in attempts:
        try:
            clock = attempt()
        except InputError as error:
            faults.append(error)
            continue
        if clock is not None:
            return _with_time_of_day(sheet, clock, free)
    if faults:
        raise faults[0]
    return None


def counts_time(sheet: Sheet, at: int) -> bool:
    """Whether a column besides the clock is not a series but part of a date, or evenly spaced numbers."""
    name = _name(sheet.header[at])
    if any(name in names for names in _PARTS.values()):
        return True
    numbers = sheet.numbers(at)
    return (at == 0 or bool(set(name.split()) & _NAMES)) and is_even(numbers.values)


def in_order(clock: Clock, sheet: Sheet) -> tuple[np.ndarray, str]:
    """The order of rows by time, int `[rows]`, and a description of how they were sorted, "" if they already were.

    Raises:
        InputError: a time occurs more than once.
    """
    order = np.argsort(clock.times, kind="stable")
    times = clock.times[order]
    again = np.flatnonzero(times[1:] == times[:-1])
    if len(again):
        one, other = (sheet.lines[row] for row in sorted(order[[again[0], again[0] + 1]]))
        raise InputError(
            f"{sheet.what}: {clock.name} {quoted(clock.cells[order[again[0]]])} occurs twice, lines {one} and "
            f"{other}: keep one row for each time; or if that column is a series, {_CHOOSE}"
        )
    rows = np.arange(len(order))
    if (order == rows).all():
        return order, ""
    return order, "newest first, reversed" if (order == rows[::-1]).all() else "rows sorted by it"


def _is_named(sheet: Sheet, at: int) -> bool:
    """Whether a column's whole name means time; an unnamed first column is an index."""
    return _name(sheet.header[at]) in _NAMES or (at == 0 and not sheet.header[at])


def _parts(sheet: Sheet, free: Sequence[int]) -> tuple[int, ...]:
    """The columns of year, month and so on, if there are at least two."""
    found = [next((at for at in free if _name(sheet.header[at]) in names), None) for names in _PARTS.values()]
    parts = tuple(at for at in takewhile(lambda at: at is not None, found) if at is not None)
    return parts if len(parts) > 1 else ()


def _dates(sheet: Sheet, columns: tuple[int, ...], ordered: bool = False) -> Clock | None:
    """The clock from columns with dates; hours without a date need a name that means time."""
    cells = sheet.columns[columns[0]]
    if len(columns) > 1:
        rows = zip(*(sheet.columns[at] for at in columns), strict=True)
        cells = ["-".join(row[:3]) + (" " + ":".join(row[3:]) if row[3:] else "") for row in rows]
    times = read_dates(cells, sheet.lines, sheet.place(columns[0]))
    if times is None or (ordered and not _is_ordered(times)):
        return None
    if not _is_named(sheet, columns[0]) and (times.astype("datetime64[D]") == NO_DATE).all():
        return None
    return Clock(columns, times, cells, _names(sheet, columns))


def _is_ordered(times: np.ndarray) -> bool:
    """Whether times strictly rise or fall."""
    return bool((times[1:] > times[:-1]).all() or (times[1:] < times[:-1]).all())


def _with_time_of_day(sheet: Sheet, clock: Clock, free: Sequence[int]) -> Clock:
    """The clock combined with a column of hours, if its days occur more than once."""
    hours = [at for at in free if at not in clock.columns and _name(sheet.header[at]) in _OF_DAY]
    if not clock.repeats or not hours:
        return clock
    columns = (*clock.columns, hours[0])
    cells = [f"{day} {hour}" for day, hour in zip(clock.cells, sheet.columns[hours[0]], strict=True)]
    times = read_dates(cells, sheet.lines, sheet.place(hours[0]))
    return clock if times is None else Clock(columns, times, cells, _names(sheet, columns))


def _count(sheet: Sheet, at: int) -> Clock | None:
    """The clock from a column of numbers; unless it is named like a time it must be the first one and evenly spaced."""
    name, numbers = _name(sheet.header[at]), sheet.numbers(at)
    named, values = _is_named(sheet, at), numbers.values
    if np.isfinite(values).all():
        if named or set(name.split()) & _NAMES:
            like_time = _is_ordered(values) or is_even(np.sort(values))
        else:
            others = range(1, len(sheet.header))
            like_time = at == 0 and is_even(values) and any(sheet.numbers(other).found for other in others)
        clock = Clock((at,), from_numbers(values), sheet.columns[at], _names(sheet, (at,)))
        if like_time or (named and clock.repeats):
            return clock
    if named and numbers.found:
        gaps = np.flatnonzero(~np.isfinite(values))
        fault = f"line {sheet.lines[gaps[0]]} holds {quoted(sheet.columns[at][gaps[0]])}" if len(gaps) else _UNORDERED
        raise InputError(f"{sheet.place(at)} is named like a time, and {fault}; or if it is a series, {_CHOOSE}")
    return None


def _names(sheet: Sheet, columns: Sequence[int]) -> str:
    return " ".join(printable(sheet.header[at]) or "(no name)" for at in columns)


def _name(name: str) -> str:
    """The words of a column's name: <DATE> is date, openTime is open time."""
    return " ".join(re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).casefold()))
