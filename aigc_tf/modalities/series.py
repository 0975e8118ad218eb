"""Time series of real numbers: read from CSV and .npz files, plotted as lines, written as CSV."""

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

SHOWN = 100  # time steps before a forecast, in its plot


class Series(Modality):
    """Time series: float `[time, series]` in their own units; from files the last `length` steps, or all of them."""

    name = "series"
    reads = (".csv", ".tsv", ".npz")
    writes: ClassVar[tuple[str, ...]] = (".csv", ".png", ".npy")
    writes_forecasts: ClassVar[tuple[str, ...]] = (".png", ".csv", ".npy")

    def __init__(self, scaling: Scaling, settings: SeriesSettings = DEFAULT, length: int | None = None) -> None:
        self.scaling, self.settings, self.length = scaling, settings, length

    def read(self, path: Path) -> np.ndarray:
        """Read the columns with the run's names as float64 `[time, series]`, with the recipe's settings."""
        try:
            values = read_table(path, self.scaling.names, self.settings).values
        except InputError as error:
            raise UnreadableError(str(error)) from error
        if self.length is not None and len(values) < self.length:
            raise UnreadableError(f"it has {len(values)} time steps, and {self.length} are needed")
        return values if self.length is None else values[-self.length :]

    def strange(self, values: np.ndarray, seed: int) -> np.ndarray:
        """In turn: noise of twice the standard deviation, shuffled in time, constant, twice as far from the mean."""
        random, mean, deviation = np.random.default_rng(seed), self.scaling.mean, self.scaling.deviation
        made = np.empty_like(values)
        made[0::4] = mean + 2 * deviation * random.standard_normal(values[0::4].shape)
        made[1::4] = random.permuted(values[1::4], axis=1)
        made[2::4] = mean + deviation * random.uniform(-4, 4, (len(values[2::4]), 1, len(mean)))
        made[3::4] = mean + 2 * (values[3::4] - mean)
        return made

    def write(self, path: Path, value: np.ndarray, made_by: Mapping[str, str]) -> None:
        """Write a CSV file with the names of the series as header."""
        write_csv(path, ["step", *self.scaling.names], [np.arange(1, len(value) + 1), *value.T])

    def write_all(self, path: Path, values: np.ndarray, made_by: Mapping[str, str], columns: int | None = None) -> None:
        """.csv: concatenated and numbered; .png: lines; .npy: the array `[count, time, series]`."""
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
        """.png: lines with a band; .csv: one row per step, the series side by side; .npy: `[2, steps, series]`."""
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
        """Lines, in a panel for each series."""
        return sequences_picture(np.asarray(values), self.scaling.names)

    def compare(self, inputs: np.ndarray, outputs: np.ndarray) -> np.ndarray:
        """Lines of inputs, and dashed in the same colour those of outputs."""
        return pairs_picture(np.asarray(inputs), np.asarray(outputs), self.scaling.names)


def write_csv(path: Path, head: Sequence[str], columns: Sequence[np.ndarray]) -> None:
    """Write columns of numbers as a CSV file, atomically."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows(zip(*(column.tolist() for column in columns), strict=True))
    write_text(path, text.getvalue())
