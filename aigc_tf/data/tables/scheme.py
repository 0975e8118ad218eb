"""The schema of a table: its columns, and the encoding of rows for networks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from aigc_tf.data.assets import Asset
from aigc_tf.data.tables.modes import Modes
from aigc_tf.errors import InputError, closest, printable

SPAN = 4.0
"""Standard deviations of a mode that map to 1 (Xu et al. 2019, §4.2)."""
_MAX_CHOICES = 10_000  # of a column, since files may come from anybody
_ON_CARD = 60  # columns


@dataclass(frozen=True)
class Number:
    """A numeric column: values are encoded as a mode and a position in it."""

    name: str
    shares: tuple[float, ...]
    """Weights of the modes in the training rows, with missing values last if there are any."""
    means: tuple[float, ...]
    """Means of the modes, ascending."""
    deviations: tuple[float, ...]
    low: float
    """The minimum of the training rows; samples are clipped to it."""
    high: float
    """The maximum."""
    decimals: int
    """Number of decimals."""

    @property
    def has_gaps(self) -> bool:
        """Whether values may be missing."""
        return len(self.shares) > len(self.means)

    @property
    def choices(self) -> int:
        """Number of modes, plus one if values may be missing."""
        return len(self.shares)

    def words(self) -> str:
        """ "age: number from 21 to 80, 2 modes, with gaps"."""
        modes = f"{len(self.means)} mode{'s' if len(self.means) > 1 else ''}"
        return (
            f"{self.name}: number from {self.low:g} to {self.high:g}, {modes}{', with gaps' if self.has_gaps else ''}"
        )

    def encode(self, values: np.ndarray, draw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The mode, int `[rows]`, sampled from the posterior as in the paper, and the position in it, [-1, 1] `[rows]`.

        Args:
            values: numbers, NaN where missing.
            draw: uniform random numbers in [0, 1).
        """
        known = len(self.means)
        shares, means, deviations = (np.array(part) for part in (self.shares[:known], self.means, self.deviations))
        gaps = np.isnan(values)
        filled = np.where(gaps, means[0], values)
        posterior, _ = Modes(shares, means, deviations).responsibilities(filled)
        modes = np.minimum((np.cumsum(posterior, axis=1) < draw[:, None]).sum(axis=1), known - 1)
        places = np.clip((filled - means[modes]) / (SPAN * deviations[modes]), -1, 1)
        return np.where(gaps, known, modes), np.where(gaps, 0.0, places)

    def decode(self, modes: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Decode to numbers, rounded and clipped to the training rows' range; NaN where missing: float64 `[rows]`."""
        gaps = modes >= len(self.means)
        modes = np.where(gaps, 0, modes)
        means, deviations = np.array(self.means)[modes], np.array(self.deviations)[modes]
        values = np.clip(np.round(means + SPAN * deviations * places, self.decimals), self.low, self.high)
        return np.where(gaps, np.nan, values)

    def cell(self, value: float) -> float | int | None:
        """A number as people read it; None if missing."""
        if np.isnan(value):
            return None
        return int(value) if not self.decimals else round(float(value), self.decimals)


@dataclass(frozen=True)
class Category:
    """A categorical column."""

    name: str
    shares: tuple[float, ...]
    """Frequencies of the categories in the training rows."""
    names: tuple[str, ...]
    """All categories, sorted; an empty one stands for missing values."""

    @property
    def choices(self) -> int:
        """Number of categories."""
        return len(self.names)

    def words(self) -> str:
        """ "sex: category (female, male)"."""
        shown = ", ".join(name or "(gap)" for name in self.names[:5])
        more = f" and {len(self.names) - 5} more" if len(self.names) > 5 else ""
        return f"{self.name}: category ({shown}{more})"

    def cell(self, value: float) -> str | None:
        """A category; None if missing."""
        return self.names[int(value)] or None


Column = Number | Category


@dataclass(frozen=True)
class Scheme(Asset):
    """The schema of a table: its columns in order.

    Values are float64 `[rows, columns]`: numbers, NaN where missing; for categories their indices. Cells are an object
    array of the same shape: numbers, text, None where missing. Encoded rows are float32 `[rows, width]`: the positions
    of all numbers in their modes, then for each column a one-hot vector of its modes or categories.
    """

    columns: tuple[Column, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Column names."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def numeric(self) -> tuple[int, ...]:
        """Positions of the numeric columns."""
        return tuple(at for at, column in enumerate(self.columns) if isinstance(column, Number))

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Number of choices of each column."""
        return tuple(column.choices for column in self.columns)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Start of each column's one-hot vector in an encoded row."""
        return tuple(len(self.numeric) + sum(self.sizes[:at]) for at in range(len(self.sizes)))

    @property
    def width(self) -> int:
        """Length of an encoded row."""
        return len(self.numeric) + sum(self.sizes)

    @cached_property
    def categories(self) -> tuple[int, ...]:
        """Positions of the categorical columns, which rows can be sampled by."""
        return tuple(at for at, column in enumerate(self.columns) if isinstance(column, Category))

    @property
    def conditions(self) -> int:
        """Number of categories in all of these columns."""
        return sum(self.sizes[at] for at in self.categories)

    def condition_start(self, at: int) -> int:
        """Start of a categorical column among `conditions`."""
        return sum(self.sizes[before] for before in self.categories if before < at)

    def encode(self, values: np.ndarray, seed: int = 0) -> np.ndarray:
        """Encode values; the seed samples the mode of numbers that may belong to several."""
        rows, random = np.zeros((len(values), self.width), np.float32), np.random.default_rng(seed)
        for at, column in enumerate(self.columns):
            if isinstance(column, Number):
                chosen, places = column.encode(values[:, at], random.uniform(size=len(values)))
                rows[:, self.numeric.index(at)] = places
            else:
                chosen = values[:, at].astype(np.int64)
            rows[np.arange(len(values)), self.starts[at] + chosen] = 1
        return rows

    def decode(self, places: np.ndarray, choices: np.ndarray) -> np.ndarray:
        """Decode sampled rows to values.

        Args:
            places: positions of numbers in their modes, `[rows, numbers]`.
            choices: the mode or category of each column, int `[rows, columns]`.
        """
        values = choices.astype(np.float64)
        for index, at in enumerate(self.numeric):
            column = self.columns[at]
            assert isinstance(column, Number)
            values[:, at] = column.decode(choices[:, at], places[:, index])
        return values

    def cells(self, values: np.ndarray) -> np.ndarray:
        """Values as people read them."""
        found = np.empty(values.shape, object)
        for at, column in enumerate(self.columns):
            found[:, at] = [column.cell(value) for value in values[:, at]]
        return found

    def place(self, name: str) -> int:
        """The position of a column.

        Raises:
            InputError: there is no column with that name.
        """
        if name in self.names:
            return self.names.index(name)
        near = closest(name, self.names)
        hint = f"did you mean {printable(near)}?" if near else f"there are {printable(', '.join(self.names[:10]))}"
        raise InputError(f"there is no column {printable(name)}: {hint}")

    def card_section(self, step: int) -> str:
        """The columns, and what they reveal about the training rows."""
        del step
        lines = [f"- {printable(column.words())}" for column in self.columns[:_ON_CARD]]
        more = len(self.columns) - _ON_CARD
        return "\n".join(
            [
                "## Columns",
                "",
                *lines,
                *([f"- and {more} more"] if more > 0 else []),
                "",
                "Names of kinds, smallest and largest numbers and modes were read from the training rows: generated "
                "rows reveal them, and a guarantee of differential privacy, if there is one, does not cover them.",
            ]
        )

    def to_json(self) -> str:
        """These columns as JSON."""
        kinds = [{"kind": type(column).__name__.lower(), **asdict(column)} for column in self.columns]
        return json.dumps({"columns": kinds}, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse the output of `to_json`.

        Raises:
            InputError: it is not valid.
        """
        try:
            return cls(tuple(_column(dict(fields)) for fields in json.loads(text)["columns"]))
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            raise InputError(f"scheme.json is not a list of columns: {error}") from None


def _column(fields: dict[str, Any]) -> Column:
    kind, name = fields["kind"], str(fields["name"])
    shares = _finite(fields["shares"])
    if not 1 <= len(shares) <= _MAX_CHOICES:
        raise ValueError(f"{name} has {len(shares)} choices")
    if kind == "category":
        names = tuple(map(str, fields["names"]))
        if len(names) != len(shares):
            raise ValueError(f"{name} does not have one share for each name")
        return Category(name, shares, names)
    means, deviations = _finite(fields["means"]), _finite(fields["deviations"])
    low, high = _finite((fields["low"], fields["high"]))
    if kind != "number" or not len(means) == len(deviations) > 0 or min(deviations) <= 0:
        raise ValueError(f"{name} is not a mixture of modes")
    if len(shares) - len(means) not in (0, 1) or low > high:
        raise ValueError(f"{name} does not have one share for each mode, or an empty range")
    return Number(name, shares, means, deviations, low, high, int(fields["decimals"]))


def _finite(numbers: Sequence[Any]) -> tuple[float, ...]:
    found = tuple(map(float, numbers))
    if not np.isfinite(found).all():
        raise ValueError("a number is not finite")
    return found
