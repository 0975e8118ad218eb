"""Opens sources of daily returns: from tables of prices, Python data, or synthetic."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from aigc_tf.data.paths import existing, is_path
from aigc_tf.data.series.files import read_csv
from aigc_tf.data.series.source import SeriesSource, measure_scaling
from aigc_tf.data.source import GIVEN
from aigc_tf.errors import InputError, listed, printable
from aigc_tf.recipes.finance import ReturnRecipe, ReturnSettings
from aigc_tf.recipes.series import SeriesSettings

AUTO = "garch"
TEST_SPLIT = "the last fifth of the days"
_OWN, _MADE_UP = "the user's own", "synthetic data of this project, Apache-2.0"
_EXPECTED = "a CSV file with a column of days and one of prices, or auto"
_SUFFIXES = (".csv", ".tsv", ".txt")
_KNOWN = ("Adj Close", "Adj. Close", "Adjusted Close", "Close", "Price")
_WINDOWS_NEEDED = 5


def open_source(recipe: ReturnRecipe, data: Any = None) -> SeriesSource:
    """Daily log returns in percent, 100 (log p_t - log p_{t-1}); the last fifth of the days is held out.

    Args:
        recipe: its `source` is a table of prices, ordered by its column of days, or auto (`garch`; see `made_up`).
        data: replaces the source: prices `[days]`, positive.

    Raises:
        InputError: the source or the data is missing or invalid.
    """
    settings, name = recipe.returns, recipe.source
    if data is not None:
        name, licence, label, reading, prices = GIVEN, _OWN, "return", "", _given(data)
    elif name in ("auto", AUTO):
        name, licence, label, reading = AUTO, _MADE_UP, "return", ""
        prices = 100 * np.exp(np.concatenate([[0.0], np.cumsum(made_up()) / 100]))
    else:
        licence, (name, label, reading, prices) = _OWN, _read(name, settings)
    if not (prices > 0).all():
        raise InputError(f"{printable(name)}: price {prices[prices <= 0][0]:g} is not positive, it has no return")
    returns = 100 * np.diff(np.log(prices))[:, None]
    if len(returns) < _WINDOWS_NEEDED * settings.length:
        raise InputError(
            f"{printable(name)} has {len(returns)} returns, and at least {_WINDOWS_NEEDED * settings.length} are "
            f"needed with returns.length {settings.length}: give more days, or lower that"
        )
    train, test = np.split(returns, [len(returns) - len(returns) // 5])
    if train.std() < 1e-9:
        raise InputError(f"{printable(name)}: the price never changes, there is nothing to learn")
    source = SeriesSource(
        name=name,
        scaling=measure_scaling((label,), train),
        window=settings.length,
        train=train,
        test=test,
        test_split=TEST_SPLIT,
        licence=licence,
        reading=reading,
    ).for_recipe(recipe)
    sizes = source.sizes_in_words("days", len)
    note = f"{printable(name)}: returns of {printable(label)} in percent, {sizes}"
    return dataclasses.replace(source, notes=(f"{note}; read as {reading}" if reading else note,))


def made_up(days: int = 3_000) -> np.ndarray:
    """Synthetic returns in percent: a GARCH(1,1) process (Bollerslev 1986) with Student's t of 5 degrees of freedom.

    σ²_t = 0.02 + 0.1 r²_{t-1} + 0.88 σ²_{t-1}; r_t = σ_t ε_t, where ε_t has variance 1.
    """
    random = np.random.RandomState(0)  # this generator is reproducible across NumPy versions
    shocks = random.standard_t(5, days + 200) * np.sqrt(3 / 5)
    returns, variance = np.zeros(len(shocks)), 1.0
    for day, shock in enumerate(shocks):
        returns[day] = np.sqrt(variance) * shock
        variance = 0.02 + 0.1 * returns[day] ** 2 + 0.88 * variance
    return returns[200:]


def _given(data: Any) -> np.ndarray:
    try:
        prices = np.asarray(data, np.float64)
    except (TypeError, ValueError):
        prices = np.zeros(0)
    if prices.ndim != 1 or not prices.size or not np.isfinite(prices).all():
        raise InputError("data is not a list of prices: give finite numbers of shape [days]")
    return prices


def _read(name: str, settings: ReturnSettings) -> tuple[str, str, str, np.ndarray]:
    """The name of the file, the column, how it was read, and the prices."""
    if not is_path(name, _SUFFIXES, _EXPECTED):
        raise InputError(f"source {printable(name)} is not known: name {_EXPECTED}")
    path = existing(name, _EXPECTED)
    if path.is_dir():
        raise InputError(f"source {printable(str(path))} is a folder: name {_EXPECTED}")
    written = SeriesSettings(delimiter=settings.delimiter, decimal=settings.decimal, encoding=settings.encoding)
    table = read_csv(path, [settings.column] if settings.column else (), written)
    at = 0
    if len(table.names) > 1:
        known = [table.names.index(name) for name in _KNOWN if name in table.names]
        if not known:
            raise InputError(
                f"{printable(name)} has the columns {printable(listed(list(table.names)))}: say which one is the price "
                "with --returns.column"
            )
        at = known[0]
    return str(path), table.names[at], table.reading, table.values[:, at]
