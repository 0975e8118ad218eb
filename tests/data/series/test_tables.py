"""Real-world tables: encodings, delimiters, decimal signs, thousands separators, units, excluded columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from aigc_tf.data.series.files import Table, read_csv
from aigc_tf.errors import InputError
from aigc_tf.recipes.series import SeriesSettings

Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(text: str, encoding: str = "utf-8") -> Path:
        (tmp_path / "table.csv").write_bytes(text.encode(encoding))
        return tmp_path / "table.csv"

    return write


def column(cells: Sequence[str], name: str = "price", delimiter: str = ",") -> str:
    """A table with a counter and one column."""
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter).writerows([("t", name), *enumerate(cells)])
    return file.getvalue()


def read(path: Path, columns: tuple[str, ...] = (), **settings: Any) -> Table:
    return read_csv(path, columns, SeriesSettings(**settings))


# Round trips in every dialect.

DATES = {
    "%Y-%m-%d": "2024-03-05",
    "%Y/%m/%d": "2024/03/05",
    "%Y年%m月%d日": "2024年3月5日",
    "%d.%m.%Y": "05.03.2024",
    "%d/%m/%Y": "05/03/2024",
    "%m/%d/%Y": "03/05/2024",
    "%d %b %Y": "05 Mar 2024",
    "%Y%m%d": "20240305",
    "%Y-%m-%dT%H:%M:%S": "2024-03-05T00:00:00",
}
HEADERS = {"gb18030": "收盘价格", "cp1252": "Größe", "utf-8": "价格 é", "utf-8-sig": "价格", "utf-16": "价格 ü"}


def as_text(value: float, decimal: str, thousands: str) -> str:
    """Two decimals, so that thousands and decimal separators are unambiguous."""
    signs = {",": thousands, ".": decimal}
    return "".join(signs.get(sign, sign) for sign in f"{value:,.2f}")


@given(
    values=st.lists(st.integers(-(10**9), 10**9).map(lambda cents: cents / 100), min_size=32, max_size=60),
    form=st.sampled_from(sorted(DATES)),
    encoding=st.sampled_from(sorted(HEADERS)),
    delimiter=st.sampled_from(",;\t|"),
    signs=st.sampled_from([(".", ","), (".", ""), (".", " "), (".", "'"), (",", "."), (",", ""), (",", " ")]),
    unit=st.sampled_from(["", "%", "$", "€"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    falling=st.booleans(),
    said=st.booleans(),
)
def test_a_table_in_any_dialect_reads_back_to_the_same_numbers(
    tmp_path_factory: pytest.TempPathFactory,
    values: list[float],
    form: str,
    encoding: str,
    delimiter: str,
    signs: tuple[str, str],
    unit: str,
    quoting: Any,
    falling: bool,
    said: bool,
):
    assume(encoding != "cp1252" or "年" not in form)
    days = [day.item().strftime(form) for day in np.datetime64("2024-03-05") + np.arange(len(values))]
    before, after = (unit, "") if unit in ("$", "€") and encoding in ("utf-8", "utf-16") else ("", unit)
    cells = [f"{before}{as_text(value, *signs)}{after}" for value in values]
    rows = list(zip(days, cells, strict=True))
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, quoting=quoting)
    writer.writerow(["when", HEADERS[encoding]])
    writer.writerows(reversed(rows) if falling else rows)
    path = tmp_path_factory.getbasetemp() / "dialect.csv"
    path.write_bytes(file.getvalue().encode(encoding))
    settings = {"delimiter": delimiter, "decimal": signs[0], "encoding": encoding} if said else {}
    table = read(path, **settings)
    assert table.names == (HEADERS[encoding],)
    np.testing.assert_array_equal(table.values[:, 0], values)
    assert ("newest first, reversed" in table.reading) == falling
    assert "steps of 1 day" in table.reading and "counted as even" not in table.reading


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_chinese_headers_are_read_in_each_encoding(written: Written, encoding: str):
    text = "日期,收盘\n" + "".join(f"2024年1月{day}日,{day * day}\n" for day in range(1, 29))
    table = read(written(text, encoding))
    assert table.names == ("收盘",) and table.reading.startswith(encoding.upper())
    assert "time in 日期 from 2024年1月1日 to 2024年1月28日; steps of 1 day" in table.reading


@pytest.mark.parametrize("name", ["Wärme", "°C", "µg/m³", "niño", "Größe", "Preis €"])
def test_short_western_headers_are_not_taken_for_chinese(written: Written, name: str):
    table = read(written(column("1245", name), "cp1252"))
    assert table.names == (name,) and table.reading.startswith("CP1252, commas between cells, decimal points")


def test_an_encoding_that_is_said_is_taken(written: Written):
    path = written(column("1245", "цена"), "koi8-r")
    assert read(path, encoding="koi8-r").names == ("цена",)
    with pytest.raises(InputError, match=r"is not in ascii, see line 1: name its encoding with series.encoding"):
        read(path, encoding="ascii")


def test_excels_line_that_names_the_delimiter_is_read(written: Written):
    table = read(written("sep=;\na;b\n1,5;2,5\n2;3\n"))
    np.testing.assert_array_equal(table.values, [[1.5, 2.5], [2, 3]])
    assert "semicolons between cells, decimal commas" in table.reading


def test_a_single_column_may_have_decimal_commas(written: Written):
    np.testing.assert_array_equal(read(written("level\n1,5\n2,25\n-3\n")).values, [[1.5], [2.25], [-3]])


def test_empty_columns_and_rows_at_the_end_do_no_harm(written: Written):
    table = read(written("a;b;;\n1,5;2;;\n3,5;4;;\n;;;\n;;;\n"))
    np.testing.assert_array_equal(table.values, [[1.5, 2], [3.5, 4]])
    assert "left out: a column without a name (is empty), a column without a name (is empty)" in table.reading


# Numbers.


@pytest.mark.parametrize(
    ("cells", "values", "said"),
    [
        (["1,000", "1,001", "12,004,000"], [1000, 1001, 12004000], "price with thousands separators"),
        (["1,00,000", "99", "2"], [100000, 99, 2], "price with thousands separators"),
        (["0%", "1.5 %", "-2%"], [0, 1.5, -2], "price with %"),
        (["$5", "-$1,000.5", "($3)"], [5, -1000.5, -3], "price with thousands separators and $"),
        (["€5", "5 €", "7"], [5, 5, 7], "price with €"),
        (["US$5", "US$6.5", "US$7"], [5, 6.5, 7], "price with US$"),
        (["28.5M", "-3K", "$1.2B"], [28.5e6, -3e3, 1.2e9], "price with numbers such as 1.5M and $"),
        (["1.2万", "3亿元", "5000"], [12e3, 3e8, 5e3], "price with numbers such as 1.5万 and 元"),
        (["1 000", "2\u00a0000", "3\u202f000.5"], [1000, 2000, 3000.5], "price with thousands separators"),
        (["1'000", "1\u2019001", "2"], [1000, 1001, 2], "price with thousands separators"),
        (["\u22121", "2", "3"], [-1, 2, 3], ""),
        (["１２", "3", "4"], [12, 3, 4], ""),
        (["1,5", "2,25", "3"], [1.5, 2.25, 3], "decimal commas"),
        (
            ["1.000,5", "2", "-3"],
            [1000.5, 2, -3],
            "decimal commas; time in t from 0 to 2; steps of 1; price with thousands",
        ),
        (["1e3", "2.5E-1", "+3"], [1000, 0.25, 3], ""),
    ],
)
def test_numbers_are_read_as_people_write_them(written: Written, cells: list[str], values: list[float], said: str):
    table = read(written(column(cells)))
    assert table.names == ("price",)
    np.testing.assert_array_equal(table.values[:, 0], values)
    assert said in table.reading and ("price with" in table.reading) == ("price with" in said)


def test_what_may_be_thousands_or_decimals_is_asked(written: Written):
    path = written(column(["1,000", "2,345", "3"], delimiter=";"))
    with pytest.raises(InputError, match=r"holds '1,000', with thousands or decimals: name the decimal sign with ser"):
        read(path)
    assert read(path, decimal=",").values[1, 0] == 2.345
    assert read(path, decimal=".").values[1, 0] == 2345
    # Three decimals are usual between tabs, and so are grouped thousands between semicolons.
    assert read(written(column(["1.000", "2.345"], delimiter="\t"))).values[1, 0] == 2.345
    with pytest.raises(InputError, match=r"holds '1.000', with thousands"):
        read(written(column(["1.000", "2.345"], delimiter=";")))
    assert read(written(column(["1.000", "0.345"], delimiter=";"))).values[1, 0] == 0.345


def test_columns_with_both_decimal_signs_are_asked_about(written: Written):
    text = "a;b\n1,5;1.5\n2,5;2.5\n"
    with pytest.raises(InputError, match=r"holds '1,5' and '1.5': name the decimal sign with series.decimal"):
        read(written(text))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["5%", "0.05", "7%"], r"column price holds '5%' in line 2 and '0.05' in line 3: give all in one unit"),
        (["$5", "€6", "7"], r"column price holds '\$5' in line 2 and '€6' in line 3: give all in one unit"),
        (["5", "1.2.3", "7"], r"column price, line 3 holds '1.2.3', not a number: fill the gap"),
        (["1,000", "1,00", "7"], r"column price, line 3 holds '1,00', not a number"),
    ],
)
def test_numbers_that_cannot_be_compared_are_refused(written: Written, cells: list[str], message: str):
    with pytest.raises(InputError, match=message) as raised:
        read(written(column(cells)), decimal=".")
    assert "\n" not in str(raised.value)


def test_a_column_that_is_left_out_is_named_with_its_reason(written: Written):
    rows = "".join(f"{i},{i * i},SE,{2020 + i}\n" for i in range(9))
    table = read(written("step,level,wind,year\n" + rows))
    assert table.names == ("level",)
    assert table.reading.endswith("left out: wind (line 2 holds 'SE'), year (also counts time)")
    assert "left out" not in read(written("step,level,wind,year\n" + rows), columns=("level", "year")).reading
    with pytest.raises(InputError, match=r"no column of numbers, only step, wind: .*; wind \(line 2 holds 'SE'\)"):
        read(written("step,wind\n" + "".join(f"{i},SE\n" for i in range(9))))


# Settings.


def test_a_delimiter_that_is_said_is_taken(written: Written):
    assert read(written("a;b\tc;d\n1\t2\n3\t5\n"), delimiter="tab").names == ("a;b", "c;d")
    assert read(written("a b\n1 2\n3 4\n"), delimiter=" ").names == ("a", "b")


@pytest.mark.parametrize(
    ("field", "given", "message"),
    [
        ("delimiter", ";;", "expected auto, tab, or one character such as ;"),
        ("delimiter", '"', "expected auto, tab"),
        ("delimiter", "1", "expected auto, tab"),
        ("encoding", "nope", "expected auto, or an encoding that Python knows"),
        ("encoding", "hex", "expected auto, or an encoding"),
        ("encoding", "a\0b", "expected auto, or an encoding"),
        ("decimal", ";", "Input should be"),
        ("missing", "skip", "Input should be"),
    ],
)
def test_settings_that_mean_nothing_are_refused(field: str, given: str, message: str):
    with pytest.raises(InputError, match=message):
        SeriesSettings(**{field: given})
    assert SeriesSettings(delimiter="tab") == SeriesSettings(delimiter="\\t") == SeriesSettings(delimiter="\t")
