"""The base of modalities: how one kind of value is read from user files, validated, shown and written."""

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
"""What is shown of values: an image, uint8 `[height, width, 1 or 3]`, or text."""


@dataclass(frozen=True)
class UserFile:
    """A file that the user named, directly or by its folder."""

    path: Path
    """Its path."""
    name: Path
    """Its name among all those given: relative, including sub-folders."""


class Modality(abc.ABC):
    """A type of value that models take or produce: images of a size, text of a vocabulary, time series.

    A value is one row of a batch. Models declare modalities as `takes`, `gives` and `condition`; commands use these,
    and do not need to know the model.
    """

    name: ClassVar[str]
    """Name for messages and cards, in the plural: "pictures"."""
    reads: ClassVar[tuple[str, ...]] = ()
    """Suffixes, in lower case, of the files to find in folders."""
    writes: ClassVar[tuple[str, ...]] = ()
    """Suffixes that `write_all` supports; the first is the default. "" stands for a folder of single files."""
    is_printed: ClassVar[bool] = False
    """Whether values are shown as text: commands print them if no file is named, and write them as printed to files
    whose suffix is not in `writes`."""
    moving: ClassVar[tuple[str, ...]] = ()
    """Those of `writes` that show values one after the other in time, for interpolation."""
    writes_forecasts: ClassVar[tuple[str, ...]] = ()
    """Suffixes that `write_forecast` supports; the first is the default."""
    required: ClassVar[bool] = False
    """Whether commands that transform files require a value if this is the model's condition."""
    watermarked: ClassVar[Callable[..., Any] | None] = None
    """Embeds a watermark: values and a key -> watermarked values; None if this modality has no watermark."""
    drawn: ClassVar[int] = 8
    """Number of examples that commands generate by default."""

    # Reading user files.

    @abc.abstractmethod
    def read(self, path: Path) -> Any:
        """Read one value from a file.

        Raises:
            UnreadableError: the file has other content.
            OSError: the system cannot read it.
        """

    def read_all(self, files: Sequence[UserFile], at_once: int) -> Iterator[tuple[list[UserFile], Any]]:
        """Read files in batches, with their stacked values, skipping unreadable ones; see `batches_of_files`."""
        return batches_of_files(self, ((file, self.read_or_reason(file.path)) for file in files), len(files), at_once)

    def read_or_reason(self, path: Path) -> Any:
        """Read one value from a file, or return an `UnreadableError` that says why it cannot be read."""
        try:
            if not path.is_file():  # reading a pipe would block
                return UnreadableError("a pipe, a device, a socket or a folder" if path.exists() else "no such file")
            return self.read(path)
        except UnreadableError as error:
            return error
        except OSError as error:
            return UnreadableError(error.strerror or str(error))

    def find(self, paths: Sequence[Path]) -> list[UserFile]:
        """Find the files that paths name, in order.

        Paths of files are taken whatever their suffix; in folders, files with a suffix in `reads` are. Names in a
        folder are relative to it; if several paths are given they begin with the folder's own name.

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
        """Stack single values into a batch for a model."""
        return np.stack(values)

    def strange(self, values: Any, seed: int) -> Any:
        """Unusual variants of ordinary values (out-of-distribution inputs), in the same form and number, from a seed.

        Exported files are calibrated and verified with them as well. By default the values themselves.
        """
        del seed
        return values

    # Writing files.

    @abc.abstractmethod
    def write(self, path: Path, value: Any, made_by: Mapping[str, str]) -> None:
        """Write one value atomically, with its provenance mark, as a file with the suffix `writes[0]`.

        Args:
            path: the file.
            value: one row of a model's output.
            made_by: the provenance mark.
        """

    @abc.abstractmethod
    def write_all(self, path: Path, values: Any, made_by: Mapping[str, str], columns: int | None = None) -> None:
        """Write several values in one file, in the format of the path's suffix.

        Args:
            path: ends in one of `writes`.
            values: rows of a model's output.
            made_by: the provenance mark.
            columns: number of values side by side, where that applies; by default about as many as rows.
        """

    def write_batches(
        self,
        path: Path,
        batches: Iterable[Any],
        count: int,
        made_by: Mapping[str, str],
        columns: int | None = None,
    ) -> None:
        """Write `count` values that come in batches, without holding all of them if values are large.

        A path without suffix is a folder for single files, where each batch is written before the next one is made.
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
        """Write a forecast of `Forecasts.forecast` with its history, in the format of the path's suffix.

        Args:
            path: ends in one of `writes_forecasts`.
            history: a value of the modality.
            mean: mean of the next values, `[steps, ...]`.
            deviation: their standard deviation.
            made_by: the provenance mark.
        """
        raise InputError(f"forecasts of {self.name} cannot be written")

    # Showing values.

    @abc.abstractmethod
    def show(self, values: Any, columns: int | None = None) -> Preview:
        """Show values as one image or text, for TensorBoard, the card and the screen."""

    def show_titled(self, values: Any, titles: Sequence[str]) -> Preview:
        """Show values with titles; by default titles are ignored."""
        del titles
        return self.show(values)

    def plain(self, values: Any) -> list[Any]:
        """One JSON-able object per value, for printing; by default text."""
        return [str(value) for value in values]

    def compare(self, inputs: Any, outputs: Any) -> Preview:
        """Show inputs and outputs of the same modality side by side."""
        pairs = [value for pair in zip(inputs, outputs, strict=True) for value in pair]
        return self.show(self.stack(pairs), columns=2)

    def numbers(self, values: Any) -> np.ndarray:
        """Values as numbers for comparison, uint8 or in [0, 1]: `[count, ...]`; by default they already are."""
        return np.asarray(values)

    def thumbnails(self, values: Any) -> np.ndarray | None:
        """Thumbnails, uint8 `[count, height, width, channels]`, one for each value; None if there are none."""
        return None

    # Use as a condition.

    kinds: Sequence[str] = ()
    """Names of all values, if they can be listed, as classes can."""

    def parse(self, words: Sequence[str]) -> Any:
        """Parse values from the command line: read files, look up classes.

        One value per word, unless several words make a value, as the titles that a user likes.

        Raises:
            InputError: a word is not a valid value.
        """
        found = [self.read_or_reason(Path(word)) for word in words]
        bad = next((word for word, value in zip(words, found, strict=True) if isinstance(value, UnreadableError)), None)
        if bad is not None:
            raise InputError(f"{bad} cannot be read as one of {self.name}: {found[words.index(bad)]}")
        return self.stack(found)

    def rows(self, given: Any) -> Any:
        """Convert a condition given from Python, one value or several, to rows; here it is several."""
        return given

    def values(self, given: Any, count: int) -> Any:
        """`count` rows for a network: from one value for all, one for each, or None for `spread`.

        Raises:
            InputError: there is no such value, or one is required.
            ValueError: the number of values is neither one nor `count`.
        """
        if given is None:
            return self.spread(count)
        rows = self.rows(given)
        if len(rows) not in (1, count):
            raise ValueError(f"{len(rows)} {self.name} were given for {count} examples: give one, or one for each")
        return self.stack([rows[0]] * count) if len(rows) == 1 else self.stack(list(rows))

    def spread(self, count: int) -> Any:
        """`count` default conditions: all values in turn.

        Raises:
            InputError: the values cannot be listed, so one is required.
        """
        raise InputError(f"the model needs a condition: give one of {self.name}")


def rows_of(given: np.ndarray | Sequence[np.ndarray], rank: int) -> np.ndarray:
    """One array of `rank` dimensions, or several, as rows: `[count, ...]`."""
    values = np.asarray(given)
    return values[np.newaxis] if values.ndim == rank else values


def batches_of_files(
    modality: Modality, read: Iterable[tuple[UserFile, Any]], total: int, at_once: int
) -> Iterator[tuple[list[UserFile], Any]]:
    """Batch the readable files with their stacked values.

    Shows a progress bar on stderr, and lists unreadable files at the end.

    Args:
        modality: modality of the values.
        read: each file with its value, or an `UnreadableError`.
        total: number of files.
        at_once: maximum batch size.

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
