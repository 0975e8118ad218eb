"""The time column: detection, formats, sorting, gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aigc_tf.data.series.files import Table, read_csv
from aigc_tf.data.series.opening import open_source
from aigc_tf.errors import InputError
from aigc_tf.recipes.ar import AR
from aigc_tf.recipes.series import SeriesSettings

Written = Callable[..., Path]
SQUARES = [i * i % 17 for i in range(60)]
DAYS = [str(day) for day in np.datetime64("2024-01-01") + np.arange(60)]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(header: str, *columns: Iterable[object]) -> Path:
        rows = "".join(",".join(map(str, row)) + "\n" for row in zip(*columns, strict=False))
        (tmp_path / "table.csv").write_text(header + "\n" + rows, encoding="utf-8")
        return tmp_path / "table.csv"

    return write


def read(path: Path, columns: tuple[str, ...] = (), **settings: Any) -> Table:
    return read_csv(path, columns, SeriesSettings(**settings))


@pytest.mark.parametrize(
    ("name", "times", "step"),
    [
        ("when", DAYS, "1 day"),
        ("日期", [f"2024年{1 + day // 28}月{day % 28 + 1}日" for day in range(28)], "1 day"),
        ("日期", [day.replace("-", "") for day in DAYS], "1 day"),
        ("date", [f"{day[8:]}/{day[5:7]}/{day[:4]}" for day in DAYS], "1 day"),
        ("date", [f"{day[5:7]}/{day[8:]}/{day[:4]}" for day in DAYS], "1 day"),
        ("date", [f"{day[8:]}.{day[5:7]}.{day[2:4]}" for day in DAYS], "1 day"),
        ("date", [f"{month:02}/01/{year}" for year in range(2020, 2025) for month in range(1, 13)], "1 month"),
        ("month", [f"{year}-{month:02}" for year in range(2020, 2025) for month in range(1, 13)], "1 month"),
        ("月份", [f"{year}年{month}月" for year in range(2020, 2025) for month in range(1, 13)], "1 month"),
        ("period", [f"{year}{month:02}" for year in range(2020, 2025) for month in range(1, 13)], "1 month"),
        ("end", ["2023-11-30", "2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31"], "1 month"),
        ("q", [f"{year}-Q{quarter}" for year in range(2020, 2024) for quarter in (1, 2, 3, 4)], "3 months"),
        ("年份", [f"{year}年" for year in range(1990, 2020)], "1 year"),
        ("year", range(1990, 2020), "1"),
        ("ts", range(1_700_000_000, 1_700_003_600, 60), "1 minute"),
        ("openTime", range(1_700_000_000_000, 1_700_003_600_000, 60_000), "1 minute"),
        ("t", [0.1 * step for step in range(60)], "0.1"),
        ("<DATE>", [f"{day} 10:30:00" for day in DAYS], "1 day"),
        ("when", [f"2024-01-01T{hour:02}:00:00Z" for hour in range(24)], "1 hour"),
        ("when", [f"2024-01-{day:02} 01:00 PM" for day in range(1, 30)], "1 day"),
        ("first", range(7, 67), "1"),
        ("", range(60), "1"),
    ],
)
def test_the_time_is_known_by_its_name_or_what_it_holds(
    written: Written, name: str, times: Sequence[object], step: str
):
    for cells, turned in ((times, False), (list(reversed(times)), True)):
        values = SQUARES[: len(times)]
        table = read(written(f"{name},level", cells, reversed(values) if turned else values))
        assert table.names == ("level",)
        np.testing.assert_array_equal(table.values[:, 0], values)
        assert f"from {times[0]} to {times[-1]}; steps of {step}" in table.reading
        assert ("newest first, reversed" in table.reading) == turned
        assert "counted as even" not in table.reading


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("year,month,level", ([2000 + i // 12 for i in range(60)], [i % 12 + 1 for i in range(60)])),
        ("年,月,level", ([2000 + i // 12 for i in range(60)], [i % 12 + 1 for i in range(60)])),
        (
            "Date,Time,level",
            ([f"{13 + i // 24}/03/2004" for i in range(60)], [f"{i % 24:02}.00.00" for i in range(60)]),
        ),
        ("日期,小时,level", ([DAYS[i // 24] for i in range(60)], [i % 24 for i in range(60)])),
    ],
)
def test_a_time_in_several_columns_is_put_together(
    written: Written, header: str, columns: tuple[Sequence[object], ...]
):
    table = read(written(header, *columns, SQUARES))
    assert table.names == ("level",)
    np.testing.assert_array_equal(table.values[:, 0], SQUARES)
    assert f"time in {' '.join(header.split(',')[:2])} from" in table.reading
    assert "counted as even" not in table.reading


def test_the_source_line_says_it_all(written: Written):
    source = open_source(AR(source=str(written("日期,收盘", reversed(DAYS), SQUARES)), series=SeriesSettings(length=2)))
    np.testing.assert_array_equal(source.values[:, 0], SQUARES[::-1])
    assert source.notes[0].endswith(
        "; read as UTF-8, commas between cells, decimal points; time in 日期 from 2024-01-01 to 2024-02-29; "
        "steps of 1 day; newest first, reversed"
    )
    assert source.describe()["read as"] in source.notes[0]


def test_without_a_known_time_rows_stay_in_their_order_and_that_is_said(written: Written):
    path = written("date,level", [f"{day} after new moon" for day in range(60, 0, -1)], SQUARES)
    table = read(path)
    np.testing.assert_array_equal(table.values[:, 0], SQUARES)
    assert "; rows in the order of the file; left out: date (line 2 holds '60 after new moon')" in table.reading


def test_shuffled_dates_are_sorted(written: Written):
    order = np.random.default_rng(0).permutation(60)
    table = read(written("date,level", np.array(DAYS)[order], np.array(SQUARES)[order]))
    np.testing.assert_array_equal(table.values[:, 0], SQUARES)
    assert "rows sorted by it" in table.reading


def test_a_date_may_stand_in_any_column_and_be_a_series_by_request(written: Written):
    stamps = range(20240101, 20240131)
    table = read(written("symbol,level,date", ["A"] * 30, SQUARES, reversed(stamps)))
    np.testing.assert_array_equal(table.values[:, 0], SQUARES[29::-1])
    assert "left out: symbol (line 2 holds 'A')" in table.reading
    asked = read(written("date,level", reversed(stamps), SQUARES), columns=("date",))
    np.testing.assert_array_equal(asked.values[:, 0], stamps[::-1])


def test_other_columns_of_dates_and_hours_do_not_order_the_rows(written: Written):
    sunrise = [f"0{6 + i % 3}:{i:02}" for i in range(60)]
    updated = [DAYS[i // 7 * 7] for i in range(60)]
    table = read(written("day,sunrise,updated_at,level", range(60), sunrise, updated, SQUARES))
    np.testing.assert_array_equal(table.values[:, 0], SQUARES)
    assert "time in day from 0 to 59" in table.reading
    assert "left out: sunrise (line 2 holds '06:00'), updated_at (line 2 holds '2024-01-01')" in table.reading
    # Dates have precedence over a row counter, as written by pandas, even if they descend.
    falling = read(written(",when,level", range(60), reversed(DAYS), SQUARES))
    np.testing.assert_array_equal(falling.values[:, 0], SQUARES[::-1])
    assert (
        "time in when" in falling.reading and "left out: a column without a name (also counts time)" in falling.reading
    )


@pytest.mark.parametrize("name", ["reaction_time", "index", "t"])
def test_a_series_that_is_named_like_a_time_stays_one_beside_dates(written: Written, name: str):
    assert read(written(f"date,{name}", DAYS, SQUARES)).names == (name,)


@pytest.mark.parametrize(
    ("header", "times", "message"),
    [
        (
            "date,level",
            DAYS[:7] * 8,
            r"table.csv: date '2024-01-01' occurs twice, lines 2 and 9: keep one row for each",
        ),
        (
            "t,level",
            [0, 1, 2, 2, 3],
            r"t '2' occurs twice, lines 4 and 5: .* if that column is a series, name the ser",
        ),
        ("month,level", [*range(1, 13)] * 3, r"month '1' occurs twice, lines 2 and 14"),
        (
            "t,level",
            [5.5, 7.25, 6.125, 9, 8],
            r"column t is named like a time, and its cells neither rise nor fall: sort",
        ),
        (
            "date,level",
            ["01/02/2024", "01/03/2024", "01/05/2024"],
            r"'01/02/2024', which may be day or month first: wri",
        ),
        ("t,level", [0, 1, "", 3], r"column t is named like a time, and line 4 holds ''; or if it is a series, name"),
        ("date,level", [*DAYS[:9], "Total"], r"column date, line 11 holds 'Total', not a date like the others"),
        ("date,level", [*DAYS[:9], ""], r"column date, line 11 holds '', not a date like the others"),
    ],
)
def test_times_that_cannot_be_used_are_refused_in_a_line(
    written: Written, header: str, times: Sequence[object], message: str
):
    with pytest.raises(InputError, match=message) as raised:
        read(written(header, times, SQUARES))
    assert "\n" not in str(raised.value)


# Gaps.

UNEVEN = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-05", "2024-01-06"]


def test_uneven_steps_are_counted_as_even_refused_or_filled(written: Written):
    path = written("date,level", UNEVEN, [1, 2, 3, 7, 8])
    table = read(path)
    np.testing.assert_array_equal(table.values[:, 0], [1, 2, 3, 7, 8])
    assert "1 of 4 steps of another length, counted as even (--series.missing interpolate fills them)" in table.reading
    with pytest.raises(InputError, match=r"date goes from '2024-01-03' to '2024-01-05', and most steps are 1 day: add"):
        read(path, missing="refuse")
    filled = read(path, missing="interpolate")
    np.testing.assert_array_equal(filled.values[:, 0], [1, 2, 3, 5, 7, 8])
    assert "; 1 steps interpolated" in filled.reading


def test_gaps_are_refused_or_filled_in_time(written: Written):
    path = written("date,level,other", UNEVEN, [1, "", "n/a", 5, 6], [0, 1, 2, 4, 5])
    for missing in ("auto", "refuse"):
        with pytest.raises(InputError, match=r"column level, line 3 is empty: fill the gap.*interpolate"):
            read(path, missing=missing)
    table = read(path, missing="interpolate")
    np.testing.assert_allclose(table.values, [[1, 0], [2, 1], [3, 2], [4, 3], [5, 4], [6, 5]])
    assert "1 steps interpolated; 2 gaps interpolated" in table.reading
    untimed = read(written("level,other", [1, "", 4], ["x", "y", "z"]), missing="interpolate")
    np.testing.assert_array_equal(untimed.values, [[1], [2.5], [4]])


@pytest.mark.parametrize(
    ("times", "values", "message"),
    [
        (DAYS[:3], ["", 2, 3], r"column level has no number in the first row, and nothing to interpolate from"),
        (DAYS[:3], [1, 2, "-"], r"column level has no number in the last row"),
        (DAYS[:3], [1, "x", 3], r"column level, line 3 holds 'x', not a number"),
        (DAYS[:3], [1, "inf", 3], r"column level, line 3 holds inf"),
        (["1970-01-01", "1970-01-02", "1970-01-03", "2024-01-01"], [1, 2, 3, 4], r"has 4 rows in 19,724 time steps"),
    ],
)
def test_what_cannot_be_interpolated_is_refused(
    written: Written, times: Sequence[str], values: Sequence[object], message: str
):
    with pytest.raises(InputError, match=message):
        read(written("date,level", times, values), missing="interpolate")


def test_times_between_steps_are_brought_onto_them(written: Written):
    table = read(written("t,level", [0, 1, 2, 3.5, 4, 5], [0, 10, 20, 35, 40, 50]), missing="interpolate")
    np.testing.assert_allclose(table.values[:, 0], [0, 10, 20, 30, 40, 50])
