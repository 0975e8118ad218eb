"""Items that users like, by title, and recommendations for them."""

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
    """A user's items: int32 `[liked]`, the numbers of the items that a user likes, ascending.

    A file has one title per line. All words of the command line together are one value.
    """

    name = "lists of liked items"
    reads = (".txt",)
    writes: ClassVar[tuple[str, ...]] = (".txt",)
    is_printed = True

    def __init__(self, items: Items) -> None:
        self.items = items

    def read(self, path: Path) -> np.ndarray:
        """Read titles from a text file, one per line."""
        try:
            return self.items.numbers([line for line in read_text(path).split("\n") if line.strip()])
        except InputError as error:
            raise UnreadableError(str(error)) from error

    def stack(self, values: Sequence[Any]) -> list[np.ndarray]:
        """A list."""
        return [np.asarray(value, np.int32) for value in values]

    def parse(self, words: Sequence[str]) -> list[np.ndarray]:
        """One value: all words together are what a user likes.

        Raises:
            InputError: there is no such item, or all are liked too rarely.
        """
        return [self.items.numbers(words)]

    def rows(self, given: Sequence[Any]) -> list[np.ndarray]:
        """The items of several users, each by titles, ids or numbers."""
        return [self.items.numbers(list(one)) for one in given]

    def write(self, path: Path, value: np.ndarray, made_by: Mapping[str, str]) -> None:
        """Write a text file with one title per line."""
        write_text(path, "".join(f"{self.items.titles[number]}\n" for number in value))

    def write_all(
        self, path: Path, values: Sequence[Any], made_by: Mapping[str, str], columns: int | None = None
    ) -> None:
        """Written as printed."""
        write_text(path, self.show(values) + "\n")

    def show(self, values: Sequence[np.ndarray], columns: int | None = None) -> str:
        """One line per user."""
        return "\n".join(", ".join(self.items.titles[number] for number in value) for value in values)

    def show_titled(self, values: Sequence[np.ndarray], titles: Sequence[str]) -> str:
        """The same, with the users' names."""
        return "\n".join(f"{title}: {self.show([value])}" for value, title in zip(values, titles, strict=True))


@dataclass(frozen=True)
class Recommended:
    """Recommended items for one user, best first."""

    titles: tuple[str, ...]
    scores: tuple[float, ...]
    """For each, the probability that it is the next new item that the user likes."""
    because: tuple[tuple[str, ...], ...] = ()
    """For each, the liked items that contribute most, most important first; empty if not requested."""

    def lines(self) -> list[str]:
        """One line per item."""
        lines = []
        for place, (title, score) in enumerate(zip(self.titles, self.scores, strict=True)):
            reasons = f"  (because of {', '.join(self.because[place])})" if self.because and self.because[place] else ""
            lines.append(f"{score:7.2%}  {title}{reasons}")
        return lines

    def plain(self) -> list[dict[str, Any]]:
        """JSON-able: one object per item."""
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
        """Not supported: recommendations are output only."""
        raise UnreadableError("recommendations are written only")

    def stack(self, values: Sequence[Recommended]) -> list[Recommended]:
        """A list."""
        return list(values)

    def write(self, path: Path, value: Recommended, made_by: Mapping[str, str]) -> None:
        """Write a text file with one line per item."""
        self.write_all(path, [value], made_by)

    def write_all(
        self, path: Path, values: Sequence[Recommended], made_by: Mapping[str, str], columns: int | None = None
    ) -> None:
        """.json: the provenance mark and a list for each user; .csv: one row per item; otherwise as printed."""
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
        """One line per item, and an empty one between users."""
        return "\n\n".join("\n".join(value.lines()) for value in values)

    def plain(self, values: Sequence[Recommended]) -> list[Any]:
        """A list of objects for each user."""
        return [value.plain() for value in values]
