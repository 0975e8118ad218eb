"""A table as written in its file: column names and cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aigc_tf.data.series.dialect import DELIMITERS, decode, split
from aigc_tf.data.series.numbers import Decimal, Numbers, decimal_of, is_number, read_numbers
from aigc_tf.errors import InputError, UnreadableError, printable
from aigc_tf.recipes.series import SheetSettings


@dataclass(frozen=True, eq=False)
class Sheet:
    """Columns of cells with equal lengths of at least 1."""

    what: str
    """The file's name in messages."""
    header: tuple[str, ...]
    lines: tuple[int, ...]
    """The last line number of each row."""
    columns: tuple[Sequence[str], ...]
    decimal: Decimal
    dialect: str
    """The format, in words."""
    _read: dict[int, Numbers] = field(default_factory=dict, init=False)

    def place(self, at: int) -> str:
        """A column's name in messages."""
        return f"{self.what}: column {printable(self.header[at]) or '(no name)'}"

    def numbers(self, at: int) -> Numbers:
        """A column parsed as numbers, cached."""
        if at not in self._read:
            self._read[at] = read_numbers(self.columns[at], self.decimal)
        return self._read[at]


def read_sheet(path: Path, settings: SheetSettings) -> Sheet:
    """Read the table in a file; its format is detected, or given in the settings.

    Raises:
        InputError: it cannot be read, has no column names or no rows, or rows of different lengths.
        OSError: the system cannot read the file.
    """
    what = printable(str(path))
    try:
        text, encoding = decode(path.read_bytes(), settings.encoding, settings.part)
        delimiter, found = split(text, settings.delimiter)
    except UnreadableError as error:
        raise InputError(f"source {what} {error}") from error
    (_, header), rows = found[0], found[1:]
    number = next((name for name in header if is_number(name, ".") or is_number(name, ",")), None)
    if number is not None:
        raise InputError(f"{what} has the number {number} in its first row: put the names of the columns there")
    if not rows:
        raise InputError(f"{what} has no rows below its names of columns: name a file that holds numbers")
    for line, row in rows:
        if len(row) != len(header):
            raise InputError(f"{what}: line {line} has {len(row)} cells and the first row {len(header)}: fix that line")
    columns = tuple([row[at] for _, row in rows] for at in range(len(header)))
    decimal = settings.decimal
    if decimal == "auto":
        try:
            decimal = decimal_of(columns, delimiter, settings.part)
        except InputError as error:
            raise InputError(f"{what} {error}") from error
    between = f", {DELIMITERS.get(delimiter, repr(delimiter))} between cells" if len(header) > 1 else ""
    dialect = f"{encoding.upper()}{between}, decimal {'points' if decimal == '.' else 'commas'}"
    return Sheet(what, tuple(header), tuple(line for line, _ in rows), columns, decimal, dialect)
