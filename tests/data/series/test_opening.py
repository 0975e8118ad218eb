"""Sources of time series: CSV, .npz and arrays, valid and invalid."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aigc_tf.data.series.opening import SeriesSource, open_source, two_seasons
from aigc_tf.data.series.source import Scaling
from aigc_tf.errors import InputError
from aigc_tf.recipes.ar import AR
from aigc_tf.recipes.series import SeriesSettings
from aigc_tf.recipes.vrae import VRAE

WAVE = np.sin(np.arange(40.0)) * 3 + 5


def opened(source: Path | str = "auto", data: object = None, length: int = 3, columns: tuple[str, ...] = ()):
    return open_source(AR(source=str(source), series=SeriesSettings(length=length, columns=columns)), data)


def rows(*columns: object, header: str) -> str:
    return header + "\n" + "".join(",".join(map(str, row)) + "\n" for row in zip(*columns, strict=True))


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        (tmp_path / "series.csv").write_text(text)
        return tmp_path / "series.csv"

    return write


def test_the_last_fifth_is_held_out_and_scaled_by_the_rest():
    source = opened(data=WAVE)
    # 5 % of 32 steps is 1; a window of 3 steps and its next value need 4.
    np.testing.assert_array_equal(source.train[:, 0], WAVE[:28])
    np.testing.assert_array_equal(source.validation[:, 0], WAVE[28:32])
    np.testing.assert_array_equal(source.test[:, 0], WAVE[32:])
    assert source.scaling.mean == pytest.approx(WAVE[:32].mean(), rel=1e-12)
    assert source.scaling.deviation == pytest.approx(WAVE[:32].std(), rel=1e-12)
    assert source.describe()["test time steps"] == 8
    assert "28 time steps to train on, 4 to validate on, 8 to test on" in source.notes[0]


def test_scaling_stays_exact_through_json_and_around_large_means():
    scaling = opened(data=np.stack([WAVE + 1e9, -WAVE / 3], axis=1)).scaling
    assert scaling.deviation[0] == pytest.approx(WAVE[:32].std(), rel=1e-6)
    again = Scaling.from_json(scaling.to_json())
    assert again.names == ("series_1", "series_2")
    np.testing.assert_array_equal(again.mean, scaling.mean)
    np.testing.assert_array_equal(again.deviation, scaling.deviation)
    values = np.array([[1e9, 7.0], [3.0, -2.0]])
    np.testing.assert_allclose(scaling.restore(scaling.standardise(values)), values)
    with pytest.raises(InputError, match=r"scaling.json is not a scaling.*names"):
        Scaling.from_json('{"mean": [1], "deviation": [1]}')


def test_columns_of_numbers_are_read_and_others_left_out(written: Callable[[str], Path]):
    count = np.arange(40)
    columns = (2000 + count, WAVE, ["a"] * 40, -WAVE)
    path = written(rows(*columns, header="Year, level,note,change"))
    source = opened(path)
    assert source.name == str(path.resolve())
    assert source.scaling.names == ("level", "change")
    np.testing.assert_array_equal(source.values, np.stack([WAVE, -WAVE], axis=1))
    chosen = opened(path, columns=("change", "Year"))
    np.testing.assert_array_equal(chosen.values, np.stack([-WAVE, 2000 + count], axis=1))
    days = [f"2001-{2 + day // 28:02}-{day % 28 + 1:02}" for day in count]
    assert opened(written(rows(days, WAVE, header="when,level"))).scaling.names == ("level",)
    assert opened(written(rows(count, WAVE, header=",level"))).scaling.names == ("level",)


def test_npz_and_arrays_are_the_same_series(tmp_path: Path):
    np.savez(tmp_path / "one.npz", level=WAVE.astype(np.float32))
    for source in (opened(tmp_path / "one.npz"), opened(data=WAVE.astype(np.float32)[:, None])):
        np.testing.assert_array_equal(source.values[:, 0], WAVE.astype(np.float32))
        assert source.scaling.names == ("series_1",)
    two = np.stack([WAVE, np.arange(40)], axis=1)
    np.testing.assert_array_equal(opened(data=two, columns=("series_2",)).values, two[:, 1:])


def test_fingerprint_is_of_names_and_values():
    prints = [
        opened(data=WAVE).fingerprint,
        opened(data=WAVE + 1e-12).fingerprint,
        opened(data=np.stack([WAVE, WAVE], axis=1)).fingerprint,
        opened(data=np.stack([WAVE, -WAVE], axis=1), columns=("series_1",)).fingerprint,
    ]
    assert len(set(prints[:3])) == 3 and prints[3] == prints[0]
    renamed = opened(data=np.stack([-WAVE, WAVE], axis=1), columns=("series_2",))
    assert renamed.fingerprint != prints[0]


def test_auto_is_a_documented_series_that_stays_the_same():
    source = opened()
    assert source.name == "two_seasons" and "synthetic" in source.licence
    assert opened("two_seasons").fingerprint == source.fingerprint
    assert len(source.values) == 2400
    assert two_seasons()[:2] == pytest.approx([22.922597, 21.816527], abs=1e-6)


def batches(source: SeriesSource, batch_size: int, count: int, seed: int = 0, first_step: int = 0) -> list[np.ndarray]:
    taken = source.batches(batch_size, seed, first_step).take(count)
    return [batch["series"] for batch in taken.as_numpy_iterator()]


def test_windows_are_the_training_part_each_once_in_an_epoch():
    values = np.stack([WAVE, WAVE**2], axis=1)
    source = opened(data=values)
    windows = np.concatenate(batches(source, 7, 25 * 7))
    assert windows.shape == (25 * 49, 4, 2) and windows.dtype == np.float32
    standardised = source.scaling.standardise(values[:28]).astype(np.float32)
    expected = [standardised[at : at + 4].tobytes() for at in range(25)]
    for epoch in range(49):
        found = [window.tobytes() for window in windows[epoch * 25 : (epoch + 1) * 25]]
        assert sorted(found) == sorted(expected)
        assert found != expected


def test_a_batch_depends_on_seed_and_step_alone():
    source = opened(data=WAVE)
    for found, wanted in zip(batches(source, 8, 3, first_step=5), batches(source, 8, 8)[5:], strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert not np.array_equal(batches(source, 8, 1, seed=1)[0], batches(source, 8, 1)[0])


def test_a_batch_larger_than_the_series_is_every_window_once():
    (windows,) = batches(opened(data=WAVE), 10_000, 1)
    assert len(windows) == 25 == len(np.unique(windows[:, 0]))


def test_test_windows_are_of_the_test_part():
    source = open_source(VRAE.tiny(), np.arange(100.0))
    windows = source.scaling.restore(source.windows_of("test", 3))[..., 0]
    np.testing.assert_allclose(windows[:, 0], [80, 87, 94], atol=1e-4)
    np.testing.assert_allclose(windows[:, -1], [85, 92, 99], atol=1e-4)
    assert len(source.windows_of("test", 1000)) == 15


GAP = WAVE.astype(object).copy()
GAP[7] = ""
WORD = WAVE.astype(object).copy()
WORD[7] = "n/a"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (rows(GAP, WAVE, header="a,b"), r"series.csv: column a, line 9 is empty: fill the gap, or name other columns"),
        (rows(WAVE, WORD, header="a,b"), r"column b, line 9 holds 'n/a', not a number: fill the gap"),
        (rows(np.where(WAVE > 7.6, np.nan, WAVE), header="a"), r"column a, line 4 holds nan: fill the gap"),
        (rows(np.where(WAVE > 7.6, -np.inf, WAVE), header="a"), r"column a, line 4 holds -inf: fill the gap"),
        (rows(WAVE * 1e40, header="a"), r"column a, line 2 holds 5e\+40: give it in a larger unit"),
        (
            rows(WAVE[:5], header="a"),
            r"has 5 time steps, and at least 20 are needed with series.length 3: give more",
        ),
        (rows([0.1] * 46, range(46), header="a,b"), r"column a is 0.1 throughout the training time.*series.columns"),
        (rows(["x"] * 40, header="a"), r"has no column of numbers, only a: name another file"),
        ("a,b\n", r"has no rows below its names"),
        ("", r"is empty"),
        (rows(WAVE, header="1.5"), r"has the number 1.5 in its first row: put the names"),
        (rows(WAVE, header="a;b"), r"line 2 has 1 cells and the first row 2: fix that line"),
        (rows(WAVE, WAVE, header="a,b") + "1\n", r"line 42 has 1 cells and the first row 2: fix that line"),
        ('a\n"1.0\n', r"cannot be read as CSV, see line"),
        ("a\n1\0", r"NUL"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_mend(written: Callable[[str], Path], text: str, message: str):
    with pytest.raises(InputError, match=message) as raised:
        opened(written(text))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("header", "columns", "message"),
    [
        ("a,b", ("c",), r"has no column c: choose series.columns among a, b"),
        ("a,a", ("a",), r"has 2 columns a: choose series.columns among a, a"),
    ],
)
def test_columns_that_are_not_there_are_named(
    written: Callable[[str], Path], header: str, columns: tuple[str, ...], message: str
):
    with pytest.raises(InputError, match=message):
        opened(written(rows(WAVE, WAVE, header=header)), columns=columns)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros((3, 4, 5)), r"float64 of shape \[3, 4, 5\]: expected numbers of shape \[time\] or \[time, series\]"),
        (np.zeros((0, 2)), "is empty"),
        (np.array(["a"] * 40), "expected numbers"),
        (WAVE > 5, "is bool of shape"),
        ([1.0, 2.0], "data is a list: expected an array"),
        (np.append(WAVE, np.nan), "column series_1, row 41 holds nan"),
    ],
)
def test_arrays_that_are_no_series_are_refused(data: object, message: str):
    with pytest.raises(InputError, match=message):
        opened(data=data)


def test_files_that_are_no_series_are_refused(tmp_path: Path):
    np.savez(tmp_path / "two.npz", a=WAVE, b=WAVE)
    np.savez(tmp_path / "objects.npz", a=np.array([{}, []], dtype=object))
    (tmp_path / "other.csv").write_bytes(b"a\n\x81\n")
    for name, message in (
        ("two.npz", "holds a, b: save a single array"),
        ("objects.npz", "Python objects"),
        ("other.csv", "in none of UTF-8, UTF-16, GB18030 and cp1252: name its encoding with series.encoding"),
        ("missing.csv", "does not exist"),
        ("", "is a folder: name a CSV file"),
    ):
        with pytest.raises(InputError, match=message):
            opened(tmp_path / name)
    with pytest.raises(InputError, match=r"source 'sunspot' is not known: name a CSV file"):
        opened("sunspot")
    with pytest.raises(InputError, match="given from Python"):
        opened("data given from Python")
