"""Column types are detected and reported; unusable data is refused in one line."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aigc_tf.data.tables.opening import open_source
from aigc_tf.data.tables.reading import read_file
from aigc_tf.data.tables.scheme import Category, Number
from aigc_tf.data.tables.source import TableSource
from aigc_tf.errors import InputError
from aigc_tf.recipes.table_gan import TableGAN
from aigc_tf.recipes.table_vae import TableVAE
from aigc_tf.recipes.tables import TableSettings


def columns(rows: int = 100) -> dict[str, list[Any]]:
    random = np.random.default_rng(0)
    return {
        "age": random.integers(18, 90, rows).tolist(),
        "sex": random.choice(["f", "m"], rows).tolist(),
        "stage": random.integers(1, 4, rows).tolist(),
        "weight": random.normal(70, 9, rows).round(1).tolist(),
    }


def source_of(data: Any, **settings: Any) -> TableSource:
    return open_source(TableVAE(table=TableSettings(**settings)), data)


def file_of(path: Path, text: str, rows: int = 60) -> Path:
    """A first row, and further rows with `{n}` replaced by their number."""
    head, row = text.split("\n", 1)
    path.write_text("\n".join([head, *(row.replace("{n}", str(number)) for number in range(rows))]) + "\n")
    return path


def test_kinds_are_recognised():
    scheme = source_of(columns()).scheme
    assert [type(column) for column in scheme.columns] == [Number, Category, Category, Number]
    assert [column.decimals for column in scheme.columns if isinstance(column, Number)] == [0, 1]
    assert scheme.columns[2].names == ("1", "2", "3")  # type: ignore[union-attr]


def test_settings_say_otherwise():
    scheme = source_of(columns(), numbers=("stage",), columns=("stage", "sex")).scheme
    assert [type(column) for column in scheme.columns] == [Number, Category]
    table = {**columns(), "code": [number % 9 for number in range(100)]}
    assert isinstance(source_of(table, categories=("code",)).scheme.columns[-1], Category)
    assert isinstance(source_of(table).scheme.columns[-1], Number)


def test_the_note_says_kinds_and_what_is_left_out():
    table = {**columns(), "id": [f"P{number:04d}" for number in range(100)], "same": ["x"] * 100, "none": [None] * 100}
    notes = " ".join(source_of(table).notes)
    assert "2 columns of numbers and 2 of categories" in notes and "sex: category (f, m)" in notes
    for said in ("id (100 different texts", "same (only one value, 'x')", "none (only gaps)"):
        assert said in notes
    assert "what is predicted where rows are measured: weight" in notes


def test_gaps_are_gaps():
    table = columns()
    table["weight"][3], table["sex"][5] = None, None
    source = source_of(table)
    cells = source.scheme.cells(np.concatenate([source.train, source.validation, source.test]))
    assert sum(cell is None for cell in cells[:, 3]) == 1 and sum(cell is None for cell in cells[:, 1]) == 1
    assert ", with gaps" in source.notes[1] and "(gap)" in source.notes[1]


def test_a_byte_order_mark_semicolons_and_decimal_commas(tmp_path: Path):
    path = file_of(tmp_path / "excel.csv", "Größe;Art\n1,{n};rot")
    path.write_bytes(codecs.BOM_UTF8 + path.read_text(encoding="utf-8").encode())
    table = read_file(path, TableSettings())
    assert table.columns[0].name == "Größe" and table.columns[0].numbers is not None
    assert table.columns[0].numbers[7] == pytest.approx(1.7)
    assert table.left_out == ["Art (only one value, 'rot')"] and "semicolons" in table.dialect


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,a\n{n},1", "has 2 columns called a"),
        ("a,\n{n},1", "has a column without a name"),
        ("a,b\n,x", "has no column to learn: a .only gaps., b .only one value, 'x'."),
        ("a,b\n1e31{n},2", "line 2 holds '1e310', beyond 1e.30: give it in a larger unit"),
        ("a,b\n1", "line 2 has 1 cells and the first row 2"),
        ("12,b\n{n},1", "has the number 12 in its first row"),
    ],
)
def test_what_cannot_be_learnt_ends_with_one_line(text: str, message: str, tmp_path: Path):
    with pytest.raises(InputError, match=message) as caught:
        read_file(file_of(tmp_path / "bad.csv", text), TableSettings())
    assert "\n" not in str(caught.value)


def test_numbers_and_text_in_one_column(tmp_path: Path):
    path = tmp_path / "mixed.csv"
    path.write_text("a\n" + "".join(f"{number}\n" for number in range(60)) + "tall\n")
    with pytest.raises(InputError, match="column a holds numbers, and in line 62 'tall': fix that cell"):
        read_file(path, TableSettings())
    with pytest.raises(InputError, match="line 62 holds 'tall', not a number"):
        read_file(path, TableSettings(numbers=("a",)))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"columns": ("agee",)}, r"has no column agee \(table.columns\): did you mean age\?"),
        ({"categories": ("zzz",)}, r"has no column zzz \(table.categories\): its columns are age, sex"),
        ({"target": "wieght"}, r"has no column wieght \(table.target\): did you mean weight\?"),
        ({"categories": ("weight",)}, "column weight has .* kinds, more than 50"),
    ],
)
def test_names_that_are_not_there(settings: dict[str, Any], message: str):
    with pytest.raises(InputError, match=message):
        source_of(columns(), **settings)


def test_too_few_rows_and_unknown_sources(tmp_path: Path):
    with pytest.raises(InputError, match="data given from Python has 40 rows, and 50 are needed"):
        source_of(columns(40))
    with pytest.raises(InputError, match="source nothing is not known: name a CSV file"):
        open_source(TableVAE(source="nothing"))
    with pytest.raises(InputError, match="is a folder"):
        open_source(TableVAE(source=str(tmp_path)))
    for data in (3, {"a": [1, 2], "b": [1]}, []):
        with pytest.raises(InputError, match="data is not a table"):
            source_of(data)


def test_equal_rows_are_on_one_side_and_parts_have_their_sizes():
    table = {name: values * 2 for name, values in columns(200).items()}
    source = source_of(table)
    assert source.validation is not None
    parts = [{row.tobytes() for row in part} for part in (source.train, source.validation, source.test)]
    assert not parts[0] & parts[1] and not parts[0] & parts[2] and not parts[1] & parts[2]
    assert len(source.test) == 80 and len(source.train) + len(source.validation) == 320
    assert source.fingerprint == source_of(table).fingerprint != source_of(columns(200)).fingerprint


def test_rows_from_python_and_from_pandas_are_the_same():
    pandas = pytest.importorskip("pandas")
    rows = [dict(zip(columns(), row, strict=True)) for row in zip(*columns().values(), strict=True)]
    found = {source_of(data).fingerprint for data in (columns(), rows, pandas.DataFrame(columns()))}
    assert len(found) == 1


@pytest.mark.parametrize("name", ["breast_cancer", "diabetes", "fair"])
def test_tables_of_packages(name: str):
    source = open_source(TableGAN(source=name))
    assert source.validation is None and len(source.test) > 80 and source.licence
    assert source.scheme.names[source.target] in ("diagnosis", "progression", "affair")
