"""Class labels, by name or number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from aigc_tf.data.classes import ClassNames
from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.modalities.base import Modality
from aigc_tf.storage.files import write_text


class Labels(Modality):
    """Class labels: int32 `[]`, a class number from 0."""

    name = "classes"
    reads = (".txt",)
    writes: ClassVar[tuple[str, ...]] = (".txt",)
    is_printed = True

    def __init__(self, classes: ClassNames) -> None:
        self.classes = classes
        self.kinds = classes.names

    def read(self, path: Path) -> np.ndarray:
        """Read the class named in a text file."""
        try:
            return self.classes.numbers([path.read_text(encoding="utf-8").strip()])[0]
        except UnicodeDecodeError as error:
            raise UnreadableError("is not in UTF-8") from error
        except InputError as error:
            raise UnreadableError(str(error)) from error

    def write(self, path: Path, value: np.ndarray, made_by: Mapping[str, str]) -> None:
        """Write a text file with the class's name."""
        write_text(path, self.classes.names[int(value)] + "\n")

    def write_all(self, path: Path, values: np.ndarray, made_by: Mapping[str, str], columns: int | None = None) -> None:
        """One name per line."""
        write_text(path, self.show(values) + "\n")

    def show(self, values: np.ndarray, columns: int | None = None) -> str:
        """One name per line."""
        return "\n".join(self.classes.names[int(value)] for value in values)

    def parse(self, words: Sequence[str]) -> np.ndarray:
        """Classes given by name or number, as int32 `[count]`.

        Raises:
            InputError: there is no such class.
        """
        return self.classes.numbers(words)

    def rows(self, given: str | int | Sequence[str | int] | np.ndarray) -> np.ndarray:
        """One class or several, as names or numbers from 0; int32 `[count]`."""
        return self.classes.numbers([given] if isinstance(given, str | int | np.integer) else list(given))

    def spread(self, count: int) -> np.ndarray:
        """The classes in turn, starting with the first: int32 `[count]`."""
        return np.arange(count, dtype=np.int32) % len(self.kinds)
