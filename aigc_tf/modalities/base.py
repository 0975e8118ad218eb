"""What a modality is: how one kind of value is read from a user's file, checked, shown and written."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from aigc_tf.data.progress import progress
from aigc_tf.data.walk import files_below, refuse_special
from aigc_tf.errors import InputError, UnreadableError, listed, printable, say
from aigc_tf.modalities.origin import keep_beside

Preview = np.ndarray | str
"""What is shown of values: a picture, uint8 `[height, width, 1 or 3]`, or text."""


@dataclass(frozen=True)
class UserFile:
    """A file that the user named, or that lies in a folder that was named."""

    path: Path
    """Where it is."""
    name: Path
    """What it is called among all that were named: relative, with the sub-folders it lies in."""


class Modality(abc.ABC):
    """One kind of value, in the form that a model takes or gives: pictures of a size, text of a vocabulary, series.

    A value is what stands in one row of a batch. Models name modalities as `takes`, `gives` and `condition`; commands
    ask these, and so need not know any model.
    """

    name: ClassVar[str]
    """In messages and on cards, in the plural: "pictures"."""
    reads: ClassVar[tuple[str, ...]] = ()
    """Endings, in small letters, of the files that are looked for in folders."""
    writes: ClassVar[tuple[str, ...]] = ()
    """Endings of the files that `write_all` knows; the first is the default. "" stands for a folder of single files."""
    is_printed: ClassVar[bool] = False
    """Whether values are shown as text: commands print them when no file is named, and write them as they are printed
    to a file whose ending is not in `writes`."""
    moving: ClassVar[tuple[str, ...]] = ()
    """Those of `writes` that show the values one after the other in time: what is asked for is an interpolation."""
    writes_forecasts: ClassVar[tuple[str, ...]] = ()
    """Endings of the files that `write_forecast` knows; the first is the default."""
    required: ClassVar[bool] = False
    """Whether a command that transforms files has to be given one, where it is a model's condition."""
    watermarked: ClassVar[Callable[..., Any] | None] = None
    """Values and a key -> the same values with the pattern of that key; None where there is no such pattern."""
    drawn: ClassVar[int] = 8
    """How many examples commands draw when no count is given."""

    # From the user's files.

    @abc.abstractmethod
    def read(self, path: Path) -> Any:
        """One value of a file.

        Raises:
            UnreadableError: the file holds something else.
            OSError: the system cannot read it.
        """

    def read_all(self, files: Sequence[UserFile], at_once: int) -> Iterator[tuple[list[UserFile], Any]]:
        """Batches of the files that can be read, with their values, stacked; see `batches_of_files`."""
        return batches_of_files(self, ((file, self.read_or_reason(file.path)) for file in files), len(files), at_once)

    def read_or_reason(self, path: Path) -> Any:
        """One value of a file, or an `UnreadableError` that says why there is none."""
        try:
            if not path.is_file():  # a pipe would be waited for
                return UnreadableError("a pipe, a device, a socket or a folder" if path.exists() else "no such file")
            return self.read(path)
        except UnreadableError as error:
            return error
        except OSError as error:
            return UnreadableError(error.strerror or str(error))

    def find(self, paths: Sequence[Path]) -> list[UserFile]:
        """The files that paths name, in their order.

        Files are taken whatever their endings are; of folders, those whose endings are in `reads`. Names in a folder
        are relative to it; where several paths are given they begin with the folder's own name.

        Raises:
            InputError: a path does not exist, or is a pipe, a device or a socket; a folder holds no such files; or
                there are no paths.
        """
        if not paths:
            raise InputError(f"no {self.name} are named: give files or folders")
        files = []
        for path in paths:
            if not path.exists():
                raise InputError(f"{path} does not exist: name files of {self.name}, or folders that hold some")
            refuse_special(path, f"one of the {self.name},")
            if not path.is_dir():
                files.append(UserFile(path, Path(path.name)))
                continue
            found = files_below(path, self.reads)
            left_out = f"left out of folder {printable(str(path))}: {found.left_out}" if found.left_out else ""
            if not found.files:
                raise InputError(
                    f"folder {path} holds no {self.name}: expected files that end in {', '.join(self.reads)}"
                    + (f" ({left_out})" if left_out else "")
                )
            if left_out:
                say(left_out)
            above = Path(path.resolve().name) if len(paths) > 1 else Path()
            files += [UserFile(path / file, above / file) for file in found.files]
        return list(dict.fromkeys(files))

    def stack(self, values: Sequence[Any]) -> Any:
        """Single values as what a model takes, one row each."""
        return np.stack(values)

    def strange(self, values: Any, seed: int) -> Any:
        """As many values out of the ordinary, in the same form, made from ordinary rows; the same for the same seed.

        Exported files are calibrated and verified with them, too. By default none are: the rows themselves.
        """
        del seed
        return values

    # To the user's files.

    @abc.abstractmethod
    def write(self, path: Path, value: Any, made_by: Mapping[str, str]) -> None:
        """Write one value as a file whose ending is `writes[0]`, with its mark of origin; the file appears whole.

        Args:
            path: of the file.
            value: one row of what a model gives.
            made_by: what the file says of its origin.
        """

    @abc.abstractmethod
    def write_all(self, path: Path, values: Any, made_by: Mapping[str, str], columns: int | None = None) -> None:
        """Write several values together, in the form that the ending of the path asks for.

        Args:
            path: ends in one of `writes`.
            values: rows of what a model gives.
            made_by: what the file says of its origin.
            columns: values that stand beside each other, where that means something; about as many as rows if None.
        """

    def write_batches(
        self,
        path: Path,
        batches: Iterable[Any],
        count: int,
        made_by: Mapping[str, str],
        columns: int | None = None,
    ) -> None:
        """Write `count` values in all that come in batches; modalities whose values are large do not hold them all.

        Without an ending the path is a folder for single files, each batch written before the next is made.
        """
        values = (value for batch in batches for value in batch)
        if path.suffix:
            self.write_all(path, self.stack(list(values)), made_by, columns)
            keep_beside([path], made_by)
            return
        path.mkdir(exist_ok=True)
        paths = []
        for index, value in enumerate(values):
            paths.append(path / f"{index:05d}{self.writes[0]}")
            self.write(paths[-1], value, made_by)
        keep_beside(paths, made_by)

    def write_forecast(
        self, path: Path, history: Any, mean: np.ndarray, deviation: np.ndarray, made_by: Mapping[str, str]
    ) -> None:
        """Write what `Forecasts.forecast` says of a history, in the form that the ending of the path asks for.

        Args:
            path: ends in one of `writes_forecasts`.
            history: as the modality has it.
            mean: of the next values, `[steps, ...]`.
            deviation: of the same.
            made_by: what the file says of its origin.
        """
        raise InputError(f"forecasts of {self.name} cannot be written")

    # To look at.

    @abc.abstractmethod
    def show(self, values: Any, columns: int | None = None) -> Preview:
        """Several values as one picture or text, for TensorBoard, the card and the screen."""

    def show_titled(self, values: Any, titles: Sequence[str]) -> Preview:
        """Several values with what each is called; by default as they are shown without."""
        del titles
        return self.show(values)

    def plain(self, values: Any) -> list[Any]:
        """Values that are printed as JSON has them, one for each; by default as text."""
        return [str(value) for value in values]

    def compare(self, inputs: Any, outputs: Any) -> Preview:
        """What went in and what came out, beside each other, for values of the same kind."""
        pairs = [value for pair in zip(inputs, outputs, strict=True) for value in pair]
        return self.show(self.stack(pairs), columns=2)

    def numbers(self, values: Any) -> np.ndarray:
        """Values as numbers that can be compared, uint8 or in [0, 1]: `[count, ...]`; by default they are such."""
        return np.asarray(values)

    def thumbnails(self, values: Any) -> np.ndarray | None:
        """Small pictures, uint8 `[count, height, width, channels]`, one for each value; None if there are none."""
        return None

    # As a condition.

    kinds: Sequence[str] = ()
    """The names of all values, where they can be listed, as classes can."""

    def parse(self, words: Sequence[str]) -> Any:
        """Values given on the command line: files are read, classes looked up.

        One for each word, unless words are parts of a value, as titles are of what somebody likes.

        Raises:
            InputError: a word names nothing.
        """
        found = [self.read_or_reason(Path(word)) for word in words]
        bad = next((word for word, value in zip(words, found, strict=True) if isinstance(value, UnreadableError)), None)
        if bad is not None:
            raise InputError(f"{bad} cannot be read as one of {self.name}: {found[words.index(bad)]}")
        return self.stack(found)

    def rows(self, given: Any) -> Any:
        """What is given from Python as a condition, one value or several, as rows; here it is several."""
        return given

    def values(self, given: Any, count: int) -> Any:
        """`count` values as a network takes them: one for all or one for each is given, or None for `spread`.

        Raises:
            InputError: there is no such value, or one has to be given.
            ValueError: there are neither one nor `count`.
        """
        if given is None:
            return self.spread(count)
        rows = self.rows(given)
        if len(rows) not in (1, count):
            raise ValueError(f"{len(rows)} {self.name} were given for {count} examples: give one, or one for each")
        return self.stack([rows[0]] * count) if len(rows) == 1 else self.stack(list(rows))

    def spread(self, count: int) -> Any:
        """`count` values to draw for when none are asked for: all kinds in turn.

        Raises:
            InputError: the values cannot be listed, so that one has to be given.
        """
        raise InputError(f"the model draws by a condition: give one of {self.name}")


def rows_of(given: np.ndarray | Sequence[np.ndarray], rank: int) -> np.ndarray:
    """One array of so many dimensions, or several, as rows: `[count, ...]`."""
    values = np.asarray(given)
    return values[np.newaxis] if values.ndim == rank else values


def batches_of_files(
    modality: Modality, read: Iterable[tuple[UserFile, Any]], total: int, at_once: int
) -> Iterator[tuple[list[UserFile], Any]]:
    """Batches of those files that could be read, with their values as a model takes them.

    A bar on stderr shows how far it is, and a line at the end what could not be read.

    Args:
        modality: of the values.
        read: each file with its value, or with an `UnreadableError`.
        total: files.
        at_once: values in a batch, at most.

    Raises:
        InputError: none of them can be read.
    """
    unreadable: list[str] = []
    files: list[UserFile] = []
    values: list[Any] = []
    for file, value in progress(read, total, modality.name):
        if isinstance(value, UnreadableError):
            unreadable.append(f"{printable(str(file.path))} ({value})")
            continue
        files.append(file)
        values.append(value)
        if len(files) == at_once:
            yield files, modality.stack(values)
            files, values = [], []
    if files:
        yield files, modality.stack(values)
    if len(unreadable) == total:
        raise InputError(f"none of the {modality.name} can be read: {listed(unreadable)}")
    if unreadable:
        say(f"{len(unreadable)} of {total} files could not be read and are left out: {listed(unreadable)}")
