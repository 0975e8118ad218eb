"""Opens sources of time series: by name, from user files, or from Python data."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.paths import existing, is_path
from aigc_tf.data.series.files import Table, read_table, table_of_array
from aigc_tf.data.series.source import Scaling, SeriesSource, measure_scaling
from aigc_tf.data.source import GIVEN
from aigc_tf.errors import InputError, printable
from aigc_tf.recipes.series import SeriesRecipe

__all__ = ["Scaling", "SeriesSource", "open_source"]

AUTO = "two_seasons"
TEST_SPLIT = "the last fifth of the time"
_EXPECTED = "a CSV file of series, or an .npz file with one array"
_SUFFIXES = (".csv", ".tsv", ".npz")
_OWN = "the user's own"
_MIN_DEVIATION = 1e-30  # smaller ones vanish in float32
_WINDOWS_NEEDED = 5  # one fits in the test part, and there are more than a linear model has coefficients


def open_source(recipe: SeriesRecipe, data: Any = None) -> SeriesSource:
    """Open the time series of a recipe; their last fifth is held out.

    Args:
        recipe: its `source` is `auto` (see `two_seasons`), the path of a text table with a header (see `read_csv`), or
            of an .npz file with one array.
        data: replaces the source: an array of numbers, `[time]` or `[time, series]`.

    Raises:
        InputError: the source or the data is missing or invalid.
    """
    name, licence, table = _open_by_name(recipe) if data is None else (GIVEN, _OWN, _open_data(data, recipe))
    values, window = table.values, recipe.window
    if len(values) < _WINDOWS_NEEDED * window:
        raise InputError(
            f"{name} has {len(values)} time steps, and at least {_WINDOWS_NEEDED * window} are needed with "
            f"series.length {recipe.series.length}: give more, or lower that"
        )
    train, test = np.split(values, [len(values) - len(values) // 5])
    scaling = measure_scaling(table.names, train)
    for series, deviation, first in zip(table.names, scaling.deviation, train[0], strict=True):
        if deviation < _MIN_DEVIATION:
            raise InputError(
                f"{name}: column {printable(series)} is {first:g} throughout the training time, there is nothing to "
                "learn: name other columns with series.columns"
            )
    source = SeriesSource(
        name=name,
        scaling=scaling,
        window=window,
        train=train,
        test=test,
        test_split=TEST_SPLIT,
        licence=licence,
        reading=table.reading,
    ).for_recipe(recipe)
    sizes = source.sizes_in_words("time steps", len)
    note = f"{name}: {len(table.names)} series ({printable(', '.join(table.names))}), {sizes}"
    note += f"; read as {table.reading}" if table.reading else ""
    return dataclasses.replace(source, notes=(note,))


def two_seasons() -> np.ndarray:
    """A synthetic series of 2,400 values: two seasons, and autoregressive noise.

    20 + 3 sin(2πt / 24) + 1.5 sin(2πt / 7 + 1) + u_t, where u_t = 0.75 u_{t-1} - 0.5 u_{t-2} + ε_t and ε_t is standard
    normal.
    """
    noise = np.random.RandomState(0).standard_normal(2500)  # this generator is reproducible across NumPy versions
    remembered = np.zeros(len(noise))
    for t in range(2, len(noise)):
        remembered[t] = 0.75 * remembered[t - 1] - 0.5 * remembered[t - 2] + noise[t]
    remembered = remembered[100:]  # drop the start from zero
    angle = 2 * np.pi * np.arange(len(remembered))
    return 20 + 3 * np.sin(angle / 24) + 1.5 * np.sin(angle / 7 + 1) + remembered


def _open_data(data: Any, recipe: SeriesRecipe) -> Table:
    if tf.is_tensor(data):
        data = np.asarray(data)
    if not isinstance(data, np.ndarray):
        raise InputError(f"data is a {type(data).__name__}: expected an array of shape [time] or [time, series]")
    return table_of_array(data, "data", recipe.series.columns)


def _open_by_name(recipe: SeriesRecipe) -> tuple[str, str, Table]:
    """The name of the data, its licence, and the series."""
    name, columns = recipe.source, recipe.series.columns
    if name in ("auto", AUTO):
        return AUTO, "synthetic data of this project, Apache-2.0", table_of_array(two_seasons(), AUTO, columns)
    if not is_path(name, _SUFFIXES, _EXPECTED):
        raise InputError(f"source {name!r} is not known: name {_EXPECTED}, or say auto")
    path = existing(name, _EXPECTED)
    if path.is_dir():
        raise InputError(f"source {path} is a folder: name {_EXPECTED}")
    return str(path), _OWN, read_table(path, columns, recipe.series)
