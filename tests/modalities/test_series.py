"""Time series files: round trips by column name; models get the last steps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aigc_tf.data.series.source import Scaling
from aigc_tf.errors import UnreadableError
from aigc_tf.modalities.series import Series
from aigc_tf.modalities.text import Text
from aigc_tf.recipes.series import SeriesSettings

MADE_BY = {"Software": "aigc_tf"}
SERIES = Series(Scaling(("level", "change"), np.zeros(2), np.ones(2)))
VALUES = np.random.default_rng(0).standard_normal((3, 12, 2)) * [1e-3, 1e6]


def test_a_series_is_read_as_it_was_written(tmp_path: Path):
    SERIES.write(tmp_path / "a.csv", VALUES[0], MADE_BY)
    np.testing.assert_array_equal(SERIES.read(tmp_path / "a.csv"), VALUES[0])
    np.savez(tmp_path / "a.npz", VALUES[0])
    short = Series(SERIES.scaling, length=5)
    np.testing.assert_array_equal(short.read(tmp_path / "a.csv"), VALUES[0, -5:])
    assert (tmp_path / "a.csv").read_text().splitlines()[0] == "step,level,change"


def test_columns_are_found_by_name_whatever_else_there_is(tmp_path: Path):
    (tmp_path / "a.csv").write_text("change,note,level\n" + "".join(f"{t},x,{t * t}\n" for t in range(4)))
    np.testing.assert_array_equal(SERIES.read(tmp_path / "a.csv"), [[t * t, t] for t in range(4)])


def test_the_form_follows_from_the_ending(tmp_path: Path):
    for name in ("a.csv", "a.png", "a.npy"):
        SERIES.write_all(tmp_path / name, VALUES, MADE_BY)
    rows = np.loadtxt(tmp_path / "a.csv", delimiter=",", skiprows=1)
    np.testing.assert_array_equal(rows[:, 2:], VALUES.reshape(-1, 2))
    np.testing.assert_array_equal(rows[:, 0], np.repeat(np.arange(3), 12))
    np.testing.assert_array_equal(rows[:, 1], np.tile(np.arange(12), 3))
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy", allow_pickle=False), VALUES)
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.info["Software"] == "aigc_tf"


def test_a_file_is_read_as_the_recipe_says_and_in_the_order_of_time(tmp_path: Path):
    settings = SeriesSettings(missing="interpolate", decimal=",")
    (tmp_path / "a.csv").write_text("date;level;change\n2024-01-03;1,000;3\n2024-01-02;;2\n2024-01-01;3,000;1\n")
    found = Series(SERIES.scaling, settings).read(tmp_path / "a.csv")
    np.testing.assert_array_equal(found, [[3, 1], [2, 2], [1, 3]])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("level\n1\n2\n", "no column change"),
        ("level,change\n1,2\n", "has 1 time steps, and 5 are needed"),
        ("level,change\n1,x\n", "'x'"),
        ("", "empty"),
    ],
)
def test_files_that_hold_something_else_are_refused_in_a_line(text: str, reason: str, tmp_path: Path):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(UnreadableError, match=reason) as error:
        Series(SERIES.scaling, length=5).read(tmp_path / "a.csv")
    assert "\n" not in str(error.value)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    (tmp_path / "a.csv").write_text("old")
    with pytest.raises(ValueError, match="reshape"):
        SERIES.write_all(tmp_path / "a.csv", np.zeros((1, 3, 3)), MADE_BY)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.csv", "old")]


def test_one_series_is_one_row_and_serves_for_all():
    assert SERIES.rows(VALUES[0]).shape == (1, 12, 2) and SERIES.rows(list(VALUES)).shape == (3, 12, 2)
    np.testing.assert_array_equal(SERIES.values(VALUES[0], 12), np.stack([VALUES[0]] * 12))  # as many as steps
    np.testing.assert_array_equal(SERIES.values(VALUES, 3), VALUES)


def test_strange_series_are_far_from_the_mean_or_out_of_order():
    series = Series(Scaling(("level", "change"), np.array([5.0, -100]), np.array([1.0, 10])))
    values = np.random.default_rng(0).normal([5, -100], [1, 10], (80, 12, 2)).astype(np.float32)
    made = series.strange(values, 0)
    assert made.shape == values.shape and made.dtype == np.float32
    np.testing.assert_array_equal(made, series.strange(values, 0))
    standardised = (made - [5, -100]) / [1, 10]
    uneasy, shuffled, constant, further = (standardised[kind::4] for kind in range(4))
    assert uneasy.std() == pytest.approx(2, rel=0.1)
    np.testing.assert_array_equal(np.sort(made[1::4], axis=1), np.sort(values[1::4], axis=1))
    assert (made[1::4] != values[1::4]).mean() > 0.5
    assert (constant == constant[:, :1]).all() and 3 < np.abs(constant).max() <= 4
    np.testing.assert_allclose(made[3::4] - [5, -100], 2 * (values[3::4] - [5, -100]), rtol=1e-5, atol=1e-4)
    assert len(further) == 20 == len(shuffled)


def test_there_may_be_nothing_out_of_the_ordinary():
    assert Text().strange(["a"], 0) == ["a"]
