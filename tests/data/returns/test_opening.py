"""Prices become returns, split by date; invalid data is refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aigc_tf.data.returns.opening import made_up, open_source
from aigc_tf.errors import InputError
from aigc_tf.recipes.finance import ReturnSettings
from aigc_tf.recipes.returns import Returns
from aigc_tf.recipes.returns_gan import ReturnsGAN


def prices_file(path: Path, columns: dict[str, np.ndarray], backwards: bool = False) -> Path:
    days = np.arange(np.datetime64("2001-01-01"), np.datetime64("2001-01-01") + len(next(iter(columns.values()))))
    rows = [
        ",".join([str(day), *map(repr, map(float, row))]) for day, *row in zip(days, *columns.values(), strict=True)
    ]
    path.write_text("\n".join([",".join(["Date", *columns]), *(rows[::-1] if backwards else rows)]) + "\n")
    return path


PRICES = 50 * np.exp(np.cumsum(np.random.default_rng(0).normal(0, 0.01, 601)))


def test_log_returns_in_percent_in_the_order_of_days(tmp_path: Path):
    found = []
    for backwards in (False, True):
        path = prices_file(tmp_path / f"{backwards}.csv", {"Open": PRICES + 1, "Close": PRICES}, backwards)
        source = open_source(Returns(source=str(path)))
        found.append(source.values[:, 0])
        assert source.scaling.names == ("Close",)
    np.testing.assert_allclose(found[0], 100 * np.diff(np.log(PRICES)), atol=1e-9)
    np.testing.assert_array_equal(found[0], found[1])


def test_parts_follow_each_other_in_time():
    source = open_source(Returns())
    assert source.validation is not None and len(source.test) == 600
    np.testing.assert_allclose(np.concatenate([source.train, source.validation, source.test])[:, 0], made_up())
    assert open_source(ReturnsGAN()).validation is None


def test_made_up_returns_have_fat_tails_and_cluster():
    returns = made_up()
    sizes = np.abs(returns) - np.abs(returns).mean()
    assert ((returns / returns.std()) ** 4).mean() > 4
    assert (sizes[1:] * sizes[:-1]).mean() / (sizes**2).mean() > 0.05


@pytest.mark.parametrize(
    ("columns", "settings", "message"),
    [
        ({"a": PRICES, "b": PRICES}, {}, "has the columns a, b: say which one is the price with --returns.column"),
        ({"Close": PRICES - 60}, {}, "is not positive, it has no return"),
        ({"Close": PRICES[:100]}, {}, "has 99 returns, and at least 320 are needed with returns.length 64"),
        ({"Close": np.full(600, 7.0)}, {}, "the price never changes, there is nothing to learn"),
        ({"Close": PRICES}, {"column": "Clsoe"}, "has no column Clsoe"),
    ],
)
def test_what_cannot_be_used(columns: dict[str, np.ndarray], settings: dict[str, str], message: str, tmp_path: Path):
    path = prices_file(tmp_path / "prices.csv", columns)
    with pytest.raises(InputError, match=message) as caught:
        open_source(Returns(source=str(path), returns=ReturnSettings(**settings)))
    assert "\n" not in str(caught.value)


def test_data_from_python_and_lengths():
    source = open_source(Returns(), PRICES.tolist())
    assert len(source.values) == 600 and source.window == 64
    with pytest.raises(InputError, match="data is not a list of prices"):
        open_source(Returns(), ["a", "b"])
    with pytest.raises(InputError, match="length is 20: give a multiple of 8"):
        ReturnSettings(length=20)
    with pytest.raises(InputError, match="source nothing is not known"):
        open_source(Returns(source="nothing"))
