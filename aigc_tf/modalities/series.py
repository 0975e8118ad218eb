"""Series of real numbers: read from CSV and .npz files, drawn as lines, written as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np

from aigc_tf.data.series.files import DEFAULT, read_table
from aigc_tf.data.series.source import Scaling
from aigc_tf.errors import InputError, UnreadableError
from aigc_tf.modalities.base import Modality, rows_of
from aigc_tf.modalities.drawing import write_png
from aigc_tf.modalities.plots import forecast_picture, pairs_picture, sequences_picture
from aigc_tf.recipes.series import SeriesSettings
from aigc_tf.storage.files import write_atomically, write_text

SHOWN = 100  # steps of time before a forecast, in its picture


class Series(Modality):
    """float `[time, series]` in the series' own units; of files the last `length` steps, or all of them."""

    name = "series"
    reads = (".csv", ".tsv", ".npz")
    writes: ClassVar[tuple[str, ...]] = (".csv", ".png", ".npy")
    writes_forecasts: ClassVar[tuple[str, ...]] = (".png", ".csv", ".npy")

    def __init__(self, scaling: Scaling, settings: SeriesSettings = DEFAULT, length: int | None = None) -> None:
        self.scaling, self.settings, self.length = scaling, settings, length

    def read(self, path: Path) -> np.ndarray:
        """float64 `[time, series]` of the columns with the run's names, read as the recipe's settings say."""
        try:
            values = read_table(path, self.scaling.names, self.settings).values
        except InputError as error:
            raise UnreadableError(str(error)) from error
        if self.length is not None and len(values) < self.length:
            raise UnreadableError(f"it has {len(values)} steps of time, and {self.length} are needed")
        return values if self.length is None else values[-self.length :]

    def write(self, path: Path, value: np.ndarray, made_by: Mapping[str, str]) -> None:
        """A CSV file with the names of the series in its first row."""
        write_csv(path, ["step", *self.scaling.names], [np.arange(1, len(value) + 1), *value.T])

    def write_all(self, path: Path, values: np.ndarray, made_by: Mapping[str, str], columns: int | None = None) -> None:
        """.csv: one below the other, numbered; .png: lines; .npy: the array `[count, time, series]`."""
        values = np.asarray(values)
        if path.suffix == ".npy":
            write_atomically(path, lambda file: np.save(file, values, allow_pickle=False))
        elif path.suffix == ".png":
            write_atomically(path, partial(write_png, image=self.show(values), made_by=made_by))
        else:
            sample, step = (index.ravel() for index in np.indices(values.shape[:2]))
            names = self.scaling.names
            write_csv(path, ["sample", "step", *names], [sample, step, *values.reshape(-1, len(names)).T])

    def write_forecast(
        self, path: Path, history: np.ndarray, mean: np.ndarray, deviation: np.ndarray, made_by: Mapping[str, str]
    ) -> None:
        """.png: lines and a band; .csv: one row a step, the series side by side; .npy: `[2, steps, series]`."""
        names = self.scaling.names
        if path.suffix == ".npy":
            both = np.stack([mean, deviation])
            write_atomically(path, lambda file: np.save(file, both, allow_pickle=False))
        elif path.suffix == ".png":
            shown = forecast_picture(history[-SHOWN:], mean[:0], mean, deviation, names)
            write_atomically(path, partial(write_png, image=shown, made_by=made_by))
        else:
            head = ["step", *(f"{name}{part}" for name in names for part in ("", " deviation"))]
            columns = [column for pair in zip(mean.T, deviation.T, strict=True) for column in pair]
            write_csv(path, head, [np.arange(1, len(mean) + 1), *columns])

    def rows(self, given: np.ndarray | Sequence[np.ndarray]) -> np.ndarray:
        """Series side by side `[time, series]`, or several of them."""
        return rows_of(given, 2)

    def show(self, values: np.ndarray, columns: int | None = None) -> np.ndarray:
        """Lines, a field for each series."""
        return sequences_picture(np.asarray(values), self.scaling.names)

    def compare(self, inputs: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """Lines, and dashed in the same colour what was made of each."""
        return pairs_picture(np.asarray(inputs), np.asarray(outputs), self.scaling.names)


def write_csv(path: Path, head: Sequence[str], columns: Sequence[np.ndarray]) -> None:
    """A CSV file of columns of numbers; it appears whole."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows(zip(*(column.tolist() for column in columns), strict=True))
    write_text(path, text.getvalue())
