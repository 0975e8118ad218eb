"""Captions, and the moments in video clips that they describe."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from aigc_tf.errors import InputError
from aigc_tf.modalities.base import Modality
from aigc_tf.modalities.text import Text
from aigc_tf.storage.files import write_text


@dataclass(frozen=True)
class Moment:
    """The time span of a caption in a clip."""

    caption: str
    first: int
    """First frame, from 0."""
    last: int
    """Last frame, inclusive."""
    rate: float
    """Frames per second."""

    @property
    def seconds(self) -> tuple[float, float]:
        """Start of the first frame and end of the last."""
        return self.first / self.rate, (self.last + 1) / self.rate

    def __str__(self) -> str:
        start, end = self.seconds
        return f"{start:.2f} to {end:.2f} s: {self.caption}"


class Captions(Text):
    """Lists of captions: what may appear in a clip, one per line or argument."""

    name = "captions"
    required = True

    def read(self, path: Path) -> list[str]:  # type: ignore[override]
        """Read the lines of a file."""
        return [line for line in super().read(path).split("\n") if line.strip()]

    def parse(self, words: Sequence[str]) -> list[list[str]]:
        """All words together are the captions, for every clip."""
        return [super().parse(words)]

    def rows(self, given: Any) -> list[Any]:
        """Captions for all clips, or a list of captions for each.

        Raises:
            InputError: one is a single text.
        """
        if isinstance(given, str):
            raise InputError("the captions are one text: give a sequence of captions")
        return [list(given)] if all(isinstance(caption, str) for caption in given) else [list(one) for one in given]


class Moments(Modality):
    """Moments of captions: a tuple of `Moment` for each clip."""

    name = "moments"
    writes: ClassVar[tuple[str, ...]] = (".json", "")
    is_printed = True
    drawn = 1

    def read(self, path: Path) -> Any:
        """Not supported: moments are output only."""
        raise InputError(f"{path}: moments can be written, not read")

    def stack(self, values: Sequence[tuple[Moment, ...]]) -> list[tuple[Moment, ...]]:
        """A list."""
        return list(values)

    def plain(self, values: Sequence[tuple[Moment, ...]]) -> list[Any]:
        """Caption, frames and seconds of each moment."""
        return [
            [{"caption": one.caption, "frames": [one.first, one.last], "seconds": list(one.seconds)} for one in moments]
            for moments in values
        ]

    def show(self, values: Sequence[tuple[Moment, ...]], columns: int | None = None) -> str:
        """One line per caption, ordered by time, with clips separated."""
        ordered = (sorted(moments, key=lambda one: (one.first, one.last)) for moments in values)
        return "\n\n".join("\n".join(map(str, moments)) for moments in ordered)

    def write(self, path: Path, value: tuple[Moment, ...], made_by: Mapping[str, str]) -> None:
        """Write a JSON file."""
        self.write_all(path, [value], made_by)

    def write_all(
        self, path: Path, values: Sequence[tuple[Moment, ...]], made_by: Mapping[str, str], columns: int | None = None
    ) -> None:
        """.json: the provenance mark and the moments of each clip; a folder of such files; otherwise as printed."""
        if path.suffix == ".json":
            text = json.dumps({**made_by, "moments": self.plain(values)}, ensure_ascii=False, indent=1)
            write_text(path, text + "\n")
        elif not path.suffix:
            self.write_batches(path, [values], len(values), made_by)
        else:
            write_text(path, self.show(values) + "\n")
