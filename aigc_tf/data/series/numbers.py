"""Parses cells as numbers: decimal points or commas, thousands separators, percent signs and currencies."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

import numpy as np

from aigc_tf.errors import InputError

Decimal = Literal[".", ","]

_NOTHING = {"", "na", "n/a", "nan", "null", "none", "-", "--", "?", ".", "...", "—", "无", "#n/a"}
_CURRENCY = r"(?:[A-Z]{0,2}[$£¥€₩₹₽₺₫₴₪฿元円]|USD|EUR|GBP|JPY|CNY|RMB|CHF)"
_DECIMALS: tuple[Decimal, ...] = (".", ",")
_SAMPLE = 1000  # rows used to detect the decimal sign
_PERCENT = {"%", "‰"}
_SCALES = {"K": 1e3, "M": 1e6, "B": 1e9, "千": 1e3, "万": 1e4, "萬": 1e4, "亿": 1e8, "億": 1e8}
_SEPARATORS = {".": str.maketrans("", "", ", '"), ",": str.maketrans("", "", ". '")}  # thousands separators
_ONES = str.maketrans("0123456789", "1111111111")
_LONGEST = 40  # maximum characters of a cell in a message


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column parsed as numbers."""

    values: np.ndarray
    """float64 `[rows]`; NaN where missing."""
    strange: int | None = None
    """The first row whose cell is neither a number nor a marker for missing values."""
    grouped: bool = False
    """Whether there are thousands separators."""
    scale: str = ""
    """The first magnitude suffix, as in 28.5M or 1.2万; empty if there is none."""
    units: Mapping[str, int] = field(default_factory=dict)
    """Percent and currency signs, "" for none, each with the first row of a non-zero number that has it."""

    @property
    def found(self) -> bool:
        """Whether there is at least one number."""
        return not np.isnan(self.values).all()

    @property
    def mixed(self) -> tuple[int, int] | None:
        """Two rows with incompatible units: only one in percent, or different currencies."""
        rows = list(self.units.values())
        marked = [unit for unit in self.units if unit]
        return (rows[0], rows[1]) if len(rows) > 1 and (len(marked) > 1 or _PERCENT & set(marked)) else None

    @property
    def written(self) -> str:
        """The notation of the numbers, in words; empty for digits only."""
        forms = {"thousands separators": self.grouped, f"numbers such as 1.5{self.scale}": self.scale}
        return " and ".join([*(form for form, is_used in forms.items() if is_used), *filter(None, self.units)])


def read_numbers(cells: Sequence[str], decimal: Decimal) -> Numbers:
    """Parse the numbers of a column. 5% is 5, (5) is -5, 1.5M is 1,500,000, and currency signs are ignored."""
    if decimal == "." or not any("." in cell for cell in cells):
        try:
            return Numbers(np.array([cell.replace(decimal, ".") for cell in cells], np.float64))
        except ValueError:  # at least one cell has another notation
            pass
    values, strange, grouped, scale, units = np.full(len(cells), np.nan), None, False, "", dict[str, int]()
    for row, cell in enumerate(map(_plain, cells)):
        match = _pattern(decimal).fullmatch(cell)
        if match is None:
            strange = row if strange is None and not is_missing(cell) else strange
            continue
        digits = match["digits"].translate(_SEPARATORS[decimal])
        grouped |= len(digits) < len(match["digits"])
        negative = (match["open"] is not None) ^ (match["before"] == "-") ^ (match["sign"] == "-")
        size = float(digits.replace(decimal, ".")) * _SCALES.get(match["scale"], 1)
        values[row] = math.copysign(size, -1 if negative else 1)
        scale = scale or match["scale"] or ""
        if values[row]:
            units.setdefault(match["after"] or match["currency"] or "", row)
    return Numbers(values, strange, grouped, scale, units)


def decimal_of(columns: Sequence[Sequence[str]], delimiter: str, part: str = "series") -> Decimal:
    """Detect the decimal sign of a table from unambiguous cells.

    Each column has one vote. If all are ambiguous ("1,000" is a thousand or one), a comma as delimiter implies decimal
    points; so do decimal points unless the delimiter is a semicolon.

    Raises:
        InputError: votes are tied, or ambiguous; the message is the end of a sentence.
    """
    if delimiter != ";" and not any("," in cell for cells in columns for cell in cells):
        return "."
    for rows in (_SAMPLE, None):  # all rows only if the first ones are not decisive
        balance, said, either = _votes(cells[:rows] for cells in columns)
        if balance:
            return "," if balance > 0 else "."
    if said:
        raise InputError(f"holds {' and '.join(map(quoted, said))}: name the decimal sign with {part}.decimal")
    if not either or delimiter == "," or ("," not in either and delimiter != ";"):
        return "."
    raise InputError(f"holds {quoted(either)}, with thousands or decimals: name the decimal sign with {part}.decimal")


def _votes(columns: Iterable[Sequence[str]]) -> tuple[int, list[str], str]:
    """Columns with decimal commas minus columns with points, an example cell of each, and an ambiguous one."""
    balance, said, either = 0, dict[str, str](), ""
    for cells in columns:
        shapes: dict[str, str] = {}
        for cell in cells:
            if "." in cell or "," in cell:
                shapes.setdefault(_shape(cell), cell)
        fits: dict[str, list[str]] = {"": [], ".": [], ",": [], ".,": []}
        for shape, cell in shapes.items():
            fits["".join(decimal for decimal in _DECIMALS if _pattern(decimal).fullmatch(shape))].append(cell)
        balance += (len(fits[","]) > len(fits["."])) - (len(fits["."]) > len(fits[","]))
        said |= {decimal: fits[decimal][0] for decimal in _DECIMALS if fits[decimal]}
        either = either or next(iter(fits[".,"]), "")
    return balance, list(said.values()), either


def is_missing(cell: str) -> bool:
    """Whether a cell marks a missing value."""
    return cell.casefold() in _NOTHING


def is_number(cell: str, decimal: Decimal) -> bool:
    """Whether a cell is a number."""
    return _pattern(decimal).fullmatch(_plain(cell)) is not None


def quoted(cell: str) -> str:
    """A cell quoted for a message."""
    return repr(cell if len(cell) <= _LONGEST else cell[:_LONGEST] + "...")


def _plain(cell: str) -> str:
    """A cell with look-alikes replaced: full-width digits and signs, kinds of spaces, minus signs."""
    if cell.isascii():
        return cell.strip()
    return unicodedata.normalize("NFKC", cell).replace("\u2212", "-").replace("\u2019", "'").strip()


@cache
def _pattern(decimal: Decimal) -> re.Pattern[str]:
    """A pattern for numbers; thousands may be separated by the other sign, by spaces and by apostrophes."""
    point, other = re.escape(decimal), "," if decimal == "." else r"\."
    grouped = rf"[1-9]\d{{0,2}}(?P<by>[{other} '])\d{{3}}(?:(?P=by)\d{{3}})*"
    indian = rf"[1-9]\d?(?:{other}\d\d)+{other}\d{{3}}"
    digits = rf"(?:(?:{grouped}|{indian}|\d+)(?:{point}\d*)?|{point}\d+)(?:[eE][-+]?\d+)?"
    signed = rf"(?P<before>[-+]?) ?(?P<currency>{_CURRENCY})? ?(?P<sign>[-+]?)(?P<digits>{digits})"
    scale = rf" ?(?P<scale>[{''.join(_SCALES)}])"
    return re.compile(rf"(?P<open>\()?{signed}(?:{scale})? ?(?P<after>[%‰]|{_CURRENCY})?(?(open)\))", re.ASCII)


def _shape(cell: str) -> str:
    """A cell with every digit except leading zeros replaced by 1: this determines how it can be parsed."""
    plain = _plain(cell)
    shape = plain.translate(_ONES)
    return shape.replace("1", "0", 1) if plain.lstrip("-+($£¥€ ").startswith("0") else shape
