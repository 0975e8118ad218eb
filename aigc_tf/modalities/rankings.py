"""Search queries, words or images, and their results: ranked names with scores, or a sheet of images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from aigc_tf.data.images.decode import SUFFIXES
from aigc_tf.data.text.vocabulary import refuse_half_characters
from aigc_tf.errors import InputError, printable
from aigc_tf.modalities.base import Modality, UserFile
from aigc_tf.modalities.captions import captioned, line_of
from aigc_tf.modalities.drawing import write_png
from aigc_tf.modalities.pictures import Pictures
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.storage.files import write_atomically, write_text

Ranking = tuple[tuple[str, float], ...]
"""Search results, best first: name and score."""
_LINE_WIDTH = 320  # pixels


def ranked(names: Sequence[str], fit: np.ndarray, count: int) -> Ranking:
    """The best `count` of some names.

    Args:
        names: all names.
        fit: score of each, `[names]`.
        count: number of results.
    """
    best = np.argsort(-fit, kind="stable")[:count]
    return tuple((names[row], round(float(fit[row]), 3)) for row in best)


class Queries(Pictures):
    """Search queries: an image, uint8 `[height, width, channels]`, or words, a string.

    A command line argument is an image if there is such a file, and words otherwise.
    """

    name = "words or pictures"
    is_printed = True

    def find(self, paths: Sequence[Path]) -> list[UserFile]:
        """Files, and words treated like files."""
        found = [super(Queries, self).find([path]) if path.exists() else [_as_file(path)] for path in paths]
        return [file for files in found for file in files]

    def read_all(self, files: Sequence[UserFile], at_once: int) -> Iterator[tuple[list[UserFile], Any]]:
        """Reads one query at a time."""
        return Modality.read_all(self, files, at_once)

    def read_or_reason(self, path: Path) -> Any:
        """An image, or words if there is no such file."""
        return super().read_or_reason(path) if path.exists() else self.parse([str(path)])[0]

    def parse(self, words: Sequence[str]) -> list[str]:
        """The words themselves."""
        for word in words:
            if word.lower().endswith(SUFFIXES):
                raise InputError(f"{printable(word)} does not exist: name a picture that is there, or give words")
            refuse_half_characters(word, "the text")
        return list(words)

    def stack(self, values: Sequence[Any]) -> Any:
        """An array of images, or a list if there are words."""
        return list(values) if any(isinstance(value, str) for value in values) else super().stack(values)


def _as_file(words: Path) -> UserFile:
    return UserFile(words, Path(words.name))


class Rankings(Modality):
    """Search results for each query: a `Ranking`."""

    name = "rankings"
    writes: ClassVar[tuple[str, ...]] = (".png", ".txt")
    is_printed = True

    def __init__(self, settings: ImageSettings) -> None:
        self.pictures = Pictures(settings)

    def read(self, path: Path) -> Ranking:
        """Not supported: rankings are output only."""
        raise InputError(f"{path}: rankings cannot be read")

    def stack(self, values: Sequence[Ranking]) -> list[Ranking]:
        """A list."""
        return list(values)

    def write(self, path: Path, value: Ranking, made_by: Mapping[str, str]) -> None:
        """Write a sheet as PNG."""
        self.write_all(path, [value], made_by)

    def write_all(
        self, path: Path, values: Sequence[Ranking], made_by: Mapping[str, str], columns: int | None = None
    ) -> None:
        """.png: sheets one below the other; otherwise as printed."""
        if path.suffix != ".png":
            write_text(path, self.show(values) + "\n")
            return
        sheets = [self.sheet(value, columns) for value in values]
        width = max(sheet.shape[1] for sheet in sheets)
        wide = [np.pad(sheet, ((0, 0), (0, width - sheet.shape[1]), (0, 0)), constant_values=255) for sheet in sheets]
        write_atomically(path, partial(write_png, image=np.concatenate(wide), made_by=made_by))

    def sheet(self, value: Ranking, columns: int | None = None) -> np.ndarray:
        """A sheet of the images found, each above its name, or lines of words: uint8 `[height, width, channels]`."""
        channels = self.pictures.settings.channels
        if not all(name.lower().endswith(SUFFIXES) and Path(name).is_file() for name, _ in value):
            return np.concatenate([line_of(f"{fit:.2f} {name}", _LINE_WIDTH, channels) for name, fit in value])
        images = np.stack([self.pictures.read(Path(name)) for name, _ in value])
        return captioned(images, [f"{fit:.2f} {Path(name).stem}" for name, fit in value], columns)

    def show(self, values: Sequence[Ranking], columns: int | None = None) -> str:
        """One line per result; rules between queries."""
        texts = ["\n".join(f"{fit:6.3f}  {printable(name)}" for name, fit in value) for value in values]
        return "\n---\n".join(texts)

    def plain(self, values: Sequence[Ranking]) -> list[Any]:
        """Lists of names and scores."""
        return [[{"name": name, "fit": fit} for name, fit in value] for value in values]
