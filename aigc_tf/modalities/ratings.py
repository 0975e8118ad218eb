"""What somebody likes, by titles, and what is recommended for it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from aigc_tf.data.files import read_text
from aigc_tf.data.ratings.items import Items
from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.modalities.base import Modality
from aigc_tf.storage.files import write_text


class Liked(Modality):
    """int32 `[liked]`: numbers of the items that somebody likes, ascending.

    A file has a title a line. Words of the command line are together one value.
    """

    name = "lists of liked items"
    reads = (".txt",)
    writes: ClassVar[tuple[str, ...]] = (".txt",)
    is_printed = True

    def __init__(self, items: Items) -> None:
        self.items = items

    def read(self, path: Path) -> np.ndarray:
        """The titles in a text file, one a line."""
        try:
            return self.items.numbers([line for line in read_text(path).split("\n") if line.strip()])
        except InputError as error:
            raise UnreadableError(str(error)) from error

    def stack(self, values: Sequence[Any]) -> list[np.ndarray]:
        """A list."""
        return [np.asarray(value, np.int32) for value in values]

    def parse(self, words: Sequence[str]) -> list[np.ndarray]:
        """One value: what the words together name.

        Raises:
            InputError: there is no such item, or all are too rarely liked.
        """
        return [self.items.numbers(words)]

    def rows(self, given: Sequence[Any]) -> list[np.ndarray]:
        """What several like, each by titles, ids or numbers of items."""
        return [self.items.numbers(list(one)) for one in given]

    def write(self, path: Path, value: np.ndarray, made_by: Mapping[str, str]) -> None:
        """A text file with a title a line."""
        write_text(path, "".join(f"{self.items.titles[number]}\n" for number in value))

    def write_all(
        self, path: Path, values: Sequence[Any], made_by: Mapping[str, str], columns: int | None = None
    ) -> None:
        """As they are printed."""
        write_text(path, self.show(values) + "\n")

    def show(self, values: Sequence[np.ndarray], columns: int | None = None) -> str:
        """A line for each user."""
        return "\n".join(", ".join(self.items.titles[number] for number in value) for value in values)

    def show_titled(self, values: Sequence[np.ndarray], titles: Sequence[str]) -> str:
        """The same, with the users' names."""
        return "\n".join(f"{title}: {self.show([value])}" for value, title in zip(values, titles, strict=True))


@dataclass(frozen=True)
class Recommended:
    """Items for one user, the best first."""

    titles: tuple[str, ...]
    scores: tuple[float, ...]
    """The probability that each is the next one that the user likes, of those not known to be liked."""
    because: tuple[tuple[str, ...], ...] = ()
    """For each, the liked items that speak for it, the most important first; empty if that was not asked."""

    def lines(self) -> list[str]:
        """A line for each item."""
        lines = []
        for place, (title, score) in enumerate(zip(self.titles, self.scores, strict=True)):
            reasons = f"  (because of {', '.join(self.because[place])})" if self.because and self.because[place] else ""
            lines.append(f"{score:7.2%}  {title}{reasons}")
        return lines

    def plain(self) -> list[dict[str, Any]]:
        """JSON-able: an object for each item."""
        rows: list[dict[str, Any]] = []
        for place, (title, score) in enumerate(zip(self.titles, self.scores, strict=True)):
            because = {"because": list(self.because[place])} if self.because else {}
            rows.append({"title": title, "score": score, **because})
        return rows


class Recommendations(Modality):
    """`Recommended` for each user."""

    name = "recommendations"
    writes: ClassVar[tuple[str, ...]] = (".txt", ".json", ".csv", "")
    is_printed = True

    def read(self, path: Path) -> Recommended:
        """Nothing is read."""
        raise UnreadableError("recommendations are written only")

    def stack(self, values: Sequence[Recommended]) -> list[Recommended]:
        """A list."""
        return list(values)

    def write(self, path: Path, value: Recommended, made_by: Mapping[str, str]) -> None:
        """A text file with a line for each item."""
        self.write_all(path, [value], made_by)

    def write_all(
        self, path: Path, values: Sequence[Recommended], made_by: Mapping[str, str], columns: int | None = None
    ) -> None:
        """.json: the mark of origin and a list for each user; .csv: a row for each item; others as printed."""
        if path.suffix == ".json":
            write_text(path, json.dumps({**made_by, "users": self.plain(values)}, ensure_ascii=False, indent=1) + "\n")
        elif path.suffix == ".csv":
            sheet = io.StringIO(newline="")
            writer = csv.writer(sheet, lineterminator="\n")
            writer.writerow(["user", "place", "title", "score"])
            for user, value in enumerate(values):
                for place, (title, score) in enumerate(zip(value.titles, value.scores, strict=True), 1):
                    writer.writerow([user, place, title, f"{score:.6g}"])
            write_text(path, sheet.getvalue())
        else:
            write_text(path, self.show(values) + "\n")

    def show(self, values: Sequence[Recommended], columns: int | None = None) -> str:
        """A line for each item, an empty one between users."""
        return "\n\n".join("\n".join(value.lines()) for value in values)

    def plain(self, values: Sequence[Recommended]) -> list[Any]:
        """A list of objects for each user."""
        return [value.plain() for value in values]
