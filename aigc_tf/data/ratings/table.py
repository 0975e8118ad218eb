"""Reads ratings from CSV files, and the titles of items."""

from __future__ import annotations

import csv
import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aigc_tf.data.files import text_pieces
from aigc_tf.errors import InputError, UnreadableError, closest, printable
from aigc_tf.recipes.recommendation import RatingSettings

_DELIMITERS = ",;\t|"
# Common names of the columns, in lower case without spaces and underscores.
_KNOWN = {
    "user": ("userid", "user", "uid", "customerid", "customer", "reviewerid", "visitorid", "member", "account"),
    "item": (
        "itemid",
        "item",
        "iid",
        "movieid",
        "movie",
        "filmid",
        "film",
        "productid",
        "product",
        "asin",
        "bookid",
        "book",
        "isbn",
        "songid",
        "song",
        "trackid",
        "track",
        "artistid",
        "artist",
        "articleid",
    ),
    "rating": ("rating", "ratings", "score", "stars", "value", "overall", "preference"),
    "time": ("timestamp", "time", "unixtime", "unixreviewtime", "seconds"),
    "title": ("title", "name", "itemname", "movietitle", "filmtitle", "producttitle", "label"),
    "year": ("year", "releaseyear"),
}


@dataclass(frozen=True, eq=False)
class Ratings:
    """Ratings, one per row."""

    users: tuple[str, ...]
    """In order of appearance."""
    items: tuple[str, ...]
    user: np.ndarray
    """int32 `[ratings]`: user indices."""
    item: np.ndarray
    """int32 `[ratings]`: item indices."""
    rating: np.ndarray | None
    """float64 `[ratings]`; None for tables of liked items only."""
    time: np.ndarray | None
    """float64 `[ratings]`; None without a column of times."""
    words: str
    """Which columns were used."""


def read_ratings(path: Path, settings: RatingSettings) -> Ratings:
    """Read the ratings in a CSV file with a header.

    Args:
        path: the file.
        settings: column names; those not given are recognised.

    Raises:
        InputError: the file cannot be read or is empty, a column is missing, or a cell is empty or not a number.
    """
    asked = {"user": settings.user, "item": settings.item, "rating": settings.rating, "time": settings.time}
    rows = _rows(path, "source")
    what = f"source {printable(str(path))}"
    _, header = next(rows)
    places = _places(what, header, asked, needed=("user", "item"))
    if settings.split == "time" and "time" not in places:
        raise InputError(f"{what} has no column of times, and ratings.split is time: name it with --ratings.time")
    users: dict[str, int] = {}
    items: dict[str, int] = {}
    found: dict[str, array[Any]] = {role: array(kind) for role, kind in zip(asked, "iidd", strict=True)}
    for line, cells in rows:
        if len(cells) != len(header):
            raise InputError(f"{what}: line {line} has {len(cells)} cells and the first {len(header)}: fix that line")
        for role, known in (("user", users), ("item", items)):
            name = cells[places[role]].strip()
            if not name:
                raise InputError(f"{what}: line {line} names no {role}: fix that line")
            found[role].append(known.setdefault(name, len(known)))
        for role in ("rating", "time"):
            if role in places:
                found[role].append(_number(what, line, header[places[role]], cells[places[role]]))
    if not found["user"]:
        raise InputError(f"{what} has no ratings below its names of columns: name another file")
    return Ratings(
        users=tuple(users),
        items=tuple(items),
        user=np.array(found["user"], np.int32),
        item=np.array(found["item"], np.int32),
        rating=np.array(found["rating"]) if "rating" in places else None,
        time=np.array(found["time"]) if "time" in places else None,
        words=", ".join(f"{role} {printable(header[place])}" for role, place in places.items()),
    )


def read_titles(path: Path) -> dict[str, str]:
    """Read item titles by id, with the year appended if the file has a column of years.

    Args:
        path: a CSV file with a column of ids, one of titles, and optionally one of years.

    Raises:
        InputError: the file cannot be read or is empty, or a column is missing.
    """
    rows, what = _rows(path, "ratings.items"), f"ratings.items {printable(str(path))}"
    _, header = next(rows)
    places = _places(what, header, dict.fromkeys(("item", "title", "year")), needed=("title",))
    if "item" not in places:
        named = _simple(header[0])
        if places["title"] == 0 or named not in ("id", "", "index"):
            raise InputError(f"{what} has no column of items, only {_listed(header)}: call it item or itemId")
        places["item"] = 0
    titles: dict[str, str] = {}
    for line, cells in rows:
        if len(cells) != len(header):
            raise InputError(f"{what}: line {line} has {len(cells)} cells and the first {len(header)}: fix that line")
        title = " ".join(cells[places["title"]].split())
        year = cells[places["year"]].strip() if "year" in places else ""
        if title and title != "NA":
            has_year = not year.isdecimal() or title.endswith(f"({year})")
            titles[cells[places["item"]].strip()] = title if has_year else f"{title} ({year})"
    return titles


def _rows(path: Path, what: str) -> Iterator[tuple[int, list[str]]]:
    """The column names, and then the cells of each line, with its line number."""
    name = f"{what} {printable(str(path))}"
    try:
        lines = _lines(path)
        first = next((line for line in lines if line.strip()), "")
        delimiter = max(_DELIMITERS, key=first.count)
        yield 1, [cell.strip() for cell in next(csv.reader([first], delimiter=delimiter))]
        reader = csv.reader(lines, delimiter=delimiter)
        for cells in reader:
            if cells:
                yield reader.line_num + 1, cells
    except UnreadableError as error:
        raise InputError(f"{name} {error}") from error
    except csv.Error as error:
        raise InputError(f"{name} cannot be read as CSV: {error}") from error


def _lines(path: Path) -> Iterator[str]:
    """The lines of a file, without holding all of it in memory."""
    kept = ""
    for piece in text_pieces(path):
        *whole, kept = (kept + piece).split("\n")
        yield from whole
    if kept:
        yield kept


def _simple(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _places(what: str, header: Sequence[str], asked: dict[str, str | None], needed: Sequence[str]) -> dict[str, int]:
    """Column indices: by name where given, others by common names."""
    places: dict[str, int] = {}
    for role, name in asked.items():
        if name is not None and name not in header:
            near = closest(name, header)
            hint = f"did you mean {printable(near)}?" if near else f"its columns are {_listed(header)}"
            raise InputError(f"{what} has no column {printable(name)} (--ratings.{role}): {hint}")
        named = [place for place, column in enumerate(header) if _simple(column) in _KNOWN[role]]
        named.sort(key=lambda place: _KNOWN[role].index(_simple(header[place])))
        if name is not None:
            places[role] = header.index(name)
        elif named:
            places[role] = named[0]
        elif role in needed:
            fix = f"name it with --ratings.{role}" if role != "title" else "call one title"
            raise InputError(f"{what} has no column of {role}s, only {_listed(header)}: {fix}")
    return places


def _listed(header: Sequence[str]) -> str:
    return ", ".join(printable(name) or "(no name)" for name in header)


def _number(what: str, line: int, column: str, cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(
            f"{what}: line {line} holds {printable(cell[:40]) or 'nothing'} under {printable(column)}, and a number is "
            "needed: fix that line, or name another column with --ratings"
        )
    return value
