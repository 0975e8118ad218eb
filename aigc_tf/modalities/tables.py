"""Table rows, shown and written as CSV, and conditions on single columns."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np

from aigc_tf.data.tables.scheme import Category, Scheme
from aigc_tf.errors import InputError, UnreadableError, closest, listed, printable
from aigc_tf.modalities.base import Modality
from aigc_tf.storage.files import write_text

_PART = re.compile(r"(.+?)(<=|>=|=|<|>)(.*)", re.DOTALL)


class RowsOfTable(Modality):
    """Table rows: object array `[columns]` of numbers, text, and None for missing values."""

    name = "rows"
    reads = (".csv",)
    writes: ClassVar[tuple[str, ...]] = (".csv",)
    is_printed = True
    drawn = 10

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme

    def read(self, path: Path) -> Any:
        """Not supported: rows are output only."""
        raise UnreadableError("rows are written only")

    def write(self, path: Path, value: Any, made_by: Mapping[str, str]) -> None:
        """Write a CSV file with a header and one row."""
        self.write_all(path, value[None], made_by)

    def write_all(self, path: Path, values: Any, made_by: Mapping[str, str], columns: int | None = None) -> None:
        """Write a CSV file with a header; missing values are empty cells."""
        write_text(path, self.show(values) + "\n")

    def show(self, values: Any, columns: int | None = None) -> str:
        """CSV as text."""
        sheet = io.StringIO(newline="")
        writer = csv.writer(sheet, lineterminator="\n")
        writer.writerow(self.scheme.names)
        writer.writerows([["" if cell is None else cell for cell in row] for row in values])
        return sheet.getvalue().removesuffix("\n")

    def plain(self, values: Any) -> list[dict[str, Any]]:
        """One object per row."""
        return [dict(zip(self.scheme.names, row, strict=True)) for row in values]


class Part(NamedTuple):
    """A condition on one column: `sex=female`, `age>=60`."""

    column: int
    sign: str
    value: float
    """A number, or the index of a category."""

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Which rows satisfy it, bool `[rows]`; missing values do not."""
        numbers = values[:, self.column]
        found: np.ndarray = {
            "=": np.equal,
            "<": np.less,
            ">": np.greater,
            "<=": np.less_equal,
            ">=": np.greater_equal,
        }[self.sign](numbers, self.value)
        return found


Where = tuple[Part, ...]
"""Conditions on a row, all of which must hold; none if empty."""


class Conditions(Modality):
    """`Where` for each row; all words of the command line together are one."""

    name = "conditions such as sex=female or age>=60"
    writes: ClassVar[tuple[str, ...]] = (".txt",)
    is_printed = True

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme

    def read(self, path: Path) -> Where:
        """Not supported: conditions come from the command line."""
        raise UnreadableError("conditions are given as words")

    def parse(self, words: Sequence[str]) -> list[Where]:
        """One condition: the conjunction of all words.

        Raises:
            InputError: there is no such column or category, or a word is not a condition.
        """
        return [tuple(map(self.part, words))]

    def part(self, word: str) -> Part:
        """Parse one word; see `parse`."""
        match = _PART.fullmatch(word)
        if match is None:
            raise InputError(f"{printable(word)} is not a condition: write it as column=value, or column>number")
        name, sign, text = (part.strip() for part in match.groups())
        at = self.scheme.place(name)
        column = self.scheme.columns[at]
        if isinstance(column, Category):
            return Part(at, sign, self._name(column, sign, text))
        try:
            value = float(text)
        except ValueError:
            value = np.nan
        if not np.isfinite(value):
            raise InputError(f"{printable(word)}: {printable(name)} is a column of numbers, give one")
        return Part(at, sign, value)

    def _name(self, column: Category, sign: str, text: str) -> float:
        if sign != "=":
            raise InputError(f"{printable(column.name)} is a category: ask for one with =")
        if text not in column.names:
            near = closest(text, column.names)
            known = listed([printable(name) or "(gap)" for name in column.names])
            hint = f"did you mean {printable(near)}?" if near else f"it is one of {known}"
            raise InputError(f"{printable(column.name)} is never {printable(text) or 'empty'}: {hint}")
        return float(column.names.index(text))

    def rows(self, given: Any) -> list[Where]:
        """From Python: a word, a list of words (a conjunction), or `{"sex": "female"}`; or several `Where`."""
        if isinstance(given, str):
            return self.parse([given])
        if isinstance(given, Mapping):
            return self.parse([f"{name}={value}" for name, value in given.items()])
        if all(isinstance(word, str) for word in given):
            return self.parse(list(given))
        return list(given)

    def stack(self, values: Sequence[Where]) -> list[Where]:
        """A list."""
        return list(values)

    def spread(self, count: int) -> list[Where]:
        """No conditions: rows follow the learnt distribution."""
        return [()] * count

    def write(self, path: Path, value: Where, made_by: Mapping[str, str]) -> None:
        """Write a text file."""
        self.write_all(path, [value], made_by)

    def write_all(self, path: Path, values: Any, made_by: Mapping[str, str], columns: int | None = None) -> None:
        """One line per row."""
        write_text(path, self.show(values) + "\n")

    def show(self, values: Sequence[Where], columns: int | None = None) -> str:
        """One line per row."""
        return "\n".join(", ".join(map(self._words, where)) for where in values)

    def _words(self, part: Part) -> str:
        column = self.scheme.columns[part.column]
        value = column.names[int(part.value)] if isinstance(column, Category) else f"{part.value:g}"
        return f"{column.name}{part.sign}{value}"
