"""Parses cells as times: dates in the usual formats, and numbers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from aigc_tf.data.series.numbers import quoted
from aigc_tf.errors import InputError

NO_DATE = np.datetime64("1900-01-01")
"""The date used for times of day."""
# After `_plain`: / is -, and 年月日时分秒 are - and :. One format holds for a whole column.
_DIGITS = "%Y-%m-%d|%Y-%m|%Y.%m.%d|%d-%m-%Y|%m-%d-%Y|%d.%m.%Y|%d-%m-%y|%m-%d-%y|%d.%m.%y|%m-%Y"
_WORDS = "%d-%b-%Y|%d-%b-%y|%d %b %Y|%d %B %Y|%b %d, %Y|%B %d, %Y|%b %Y|%B %Y|%b-%Y|%Y-%b"
_DATES = (*_DIGITS.split("|"), *_WORDS.split("|"))
_HOURS = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%H.%M.%S", "%I:%M %p", "%I:%M:%S %p", "%H")
_FORMS = (*_DATES, *(f"{date} {hour}" for date in _DATES for hour in _HOURS), *_HOURS[:3])
_SIGNS = str.maketrans(
    {"/": "-", "年": "-", "月": "-", "日": " ", "时": ":", "時": ":", "点": ":", "分": ":", "秒": ""}
)
_YEAR = re.compile(r"(\d{4})年")
_QUARTER = re.compile(r"(\d{4})[- ]?Q([1-4])")
_MONTH = re.compile(r"((?:1[89]|2[01])\d\d)(0[1-9]|1[0-2])")
_NEVER = re.compile(r"\D*|[-+]?(?!\d{6}$|\d{8}$)\d*[.,]?\d*")
_TRIED = 3  # number of cells used to choose formats
# Since 2001 and until 2033, in seconds, milliseconds, microseconds and nanoseconds since 1970.
_UNIX = {unit: (1e9 * 10**power, 2e9 * 10**power) for power, unit in ((0, "s"), (3, "ms"), (6, "us"), (9, "ns"))}


def read_dates(cells: Sequence[str], lines: Sequence[int], place: str) -> np.ndarray | None:
    """Parse a column of dates as datetime64[us] `[rows]`, in UTC if they have a time zone; None if it has no dates.

    Args:
        cells: the column's cells.
        lines: line numbers, for messages.
        place: the column's name in messages.

    Raises:
        InputError: most cells are dates but some are not, or day and month are ambiguous.
    """
    if all(map(_NEVER.fullmatch, cells[:_TRIED])):
        return None
    times = _iso(cells)
    if times is not None:
        return times
    plain = [_plain(cell) for cell in cells]
    forms = [form for form in _FORMS if any(_time(cell, form) is not None for cell in plain[:_TRIED])]
    read = {form: [_time(cell, form) for cell in plain] for form in forms}
    if not read:
        return None
    failed = {form: times.count(None) for form, times in read.items()}
    best = min(failed, key=failed.__getitem__)
    row = read[best].index(None) if failed[best] else None
    if 2 * failed[best] > len(cells) or (row is not None and cells[row].isdigit()):
        return None
    if row is not None:
        raise InputError(f"{place}, line {lines[row]} holds {quoted(cells[row])}, not a date like the others: fix it")
    whole = {form: np.array(read[form], "datetime64[us]") for form in forms if not failed[form]}
    return _only(whole, cells, place)


def from_numbers(values: np.ndarray) -> np.ndarray:
    """Numeric times: datetime64[us] if all are plausible Unix times, otherwise unchanged."""
    for unit, (first, end) in _UNIX.items():
        if ((values >= first) & (values < end)).all():
            whole = np.floor(values)
            micros = np.round((values - whole) * 1e6).astype("m8[us]") if unit == "s" else np.timedelta64(0, "us")
            return whole.astype(f"datetime64[{unit}]").astype("datetime64[us]") + micros
    return values


def is_even(times: np.ndarray) -> bool:
    """Whether times rise or fall in equal steps: `[rows]`, dates (months and years too) or numbers."""
    steps = np.diff(coordinates(times)[0])
    return len(steps) > 1 and steps[0] != 0 and bool(np.isclose(steps, steps[0], rtol=1e-6, atol=0).all())


def coordinates(times: np.ndarray) -> tuple[np.ndarray, str]:
    """Times as float64 numbers `[rows]` with the unit in which equal steps are equal: month, second, or none.

    Months are the unit if all dates are on the same day of the month, or on the last.
    """
    if times.dtype.kind != "M":
        return times, ""
    days, months = times.astype("datetime64[D]"), times.astype("datetime64[M]")
    day = (days - months).astype(int) + 1
    length = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(int)
    if len(np.unique(times - days)) == 1 and (day == np.minimum(day.max(), length)).all():
        return months.astype(np.float64), "month"
    return (times - times[0]).astype(np.float64) / 1e6, "second"


def step_in_words(step: float, unit: str) -> str:
    """A step of `coordinates` in the largest unit that divides it."""
    sizes = {"month": {"year": 12, "month": 1}, "second": {"day": 86400, "hour": 3600, "minute": 60, "second": 1}}
    for name, size in sizes.get(unit, {}).items():
        if step % size == 0 or name in ("month", "second"):
            return f"{step / size:g} {name}{'' if step == size else 's'}"
    return f"{step:g}"


def _only(whole: dict[str, np.ndarray], cells: Sequence[str], place: str) -> np.ndarray:
    """The only reading of a column; if there are several, the one with equal steps.

    Raises:
        InputError: there is none, or more than one.
    """
    (first, *others) = whole.values()
    if all(np.array_equal(first, other) for other in others):
        return first
    even = [times for times in whole.values() if is_even(times)]
    if len(even) == 1:
        return even[0]
    raise InputError(
        f"{place} holds {quoted(cells[0])}, which may be day or month first: write dates as 2024-12-31 in it"
    )


def _iso(cells: Sequence[str]) -> np.ndarray | None:
    try:
        found = [datetime.fromisoformat(cell) for cell in cells]
        if len({time.tzinfo is None for time in found}) == 1:
            return np.array([_without_zone(time) for time in found], "datetime64[us]")
    except (ValueError, OverflowError):
        pass
    return None


def _without_zone(time: datetime) -> datetime:
    return time if time.tzinfo is None else time.astimezone(UTC).replace(tzinfo=None)


def _time(cell: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(cell, form)
    except ValueError:
        return None


def _plain(cell: str) -> str:
    """A normalised cell: 2024年1月2日 is 2024-1-2, 2024Q3 is 2024-7, 202401 is 2024-01."""
    cell = cell if cell.isascii() else unicodedata.normalize("NFKC", cell)
    if year := _YEAR.fullmatch(cell):
        return f"{year[1]}-1"
    cell = " ".join(cell.translate(_SIGNS).split()).strip("-: ")
    if quarter := _QUARTER.fullmatch(cell):
        return f"{quarter[1]}-{3 * int(quarter[2]) - 2}"
    month = _MONTH.fullmatch(cell)
    return f"{month[1]}-{month[2]}" if month else cell
