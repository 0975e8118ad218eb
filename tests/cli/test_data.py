"""`aigc-tf data`: a recipe's view of a source, as text and as a picture, for each modality."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from aigc_tf.cli import data as command
from aigc_tf.cli.data import reader_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twenty pictures of two classes, two of them equal, a text file and a damaged picture."""
    random = np.random.default_rng(0)
    for number in range(20):
        place = tmp_path / "photos" / ("leaf", "石头")[number % 2] / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (16, 16), np.uint8)).save(place)
    (tmp_path / "photos" / "leaf" / "notes.txt").write_text("no picture")
    (tmp_path / "photos" / "leaf" / "torn.png").write_bytes(b"torn")
    return tmp_path / "photos"


def test_shows_pictures_their_classes_and_what_is_left_out(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "seen.png"
    flags = ["--images.height", "16", "--images.width", "16", "--images.max-unreadable", "0.1"]
    command.main([str(folder), *flags, "--out", str(out)])
    said = capsys.readouterr().out
    assert "as dcgan sees it" in said and "16 x 16 pixels, grey" in said
    assert "notes.txt" in said and "1 of 21 files could not be read and are left out: leaf/torn.png" in said
    counts = dict(line.split()[:2] for line in said.partition("classes:\n")[2].splitlines()[:2])
    assert set(counts) == {"leaf", "石头"} and 10 < sum(map(int, counts.values())) < 20
    with Image.open(out) as picture:
        assert picture.width == 1000 and len(picture.getcolors(2**20)) > 100


def test_shows_lines_of_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    poems = tmp_path / "poems.txt"
    poems.write_text("".join(f"line {number} of a poem\n" for number in range(60)) + "line 3 of a poem\n" * 2)
    command.main([str(poems), "--recipe", "gpt", "--text.lines", "--out", str(tmp_path / "poems.png")])
    said = capsys.readouterr().out
    assert "as gpt sees it" in said and "lines are equal to an earlier one" in said
    assert "length of lines, tokens:" in said and "examples:\nline " in said
    assert (tmp_path / "poems.png").is_file()


def test_shows_series(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    table = tmp_path / "sales.csv"
    table.write_text("day,销量,again\n" + "".join(f"{day},{day % 7},{day % 7}\n" for day in range(400)))
    command.main([str(table), "--out", str(tmp_path / "sales.png")])
    said = capsys.readouterr().out
    assert "as ar sees it" in said and "from 0 to 6, mean" in said
    assert "again again  the same values as 销量" in said
    assert (tmp_path / "sales.png").is_file()


def test_its_help_names_source_and_recipe(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        command.main(["--recipe", "gpt", "--help"])
    said = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert ended.value.code == 0
    assert "The first word is the source. A folder, a file, the name of a data set, or auto." in said
    assert "Name of the recipe; by default" in said and "(default: gpt)" in said and "--text.lines" in said


def test_takes_a_recipe_that_reads_what_is_there(folder: Path, tmp_path: Path):
    assert [reader_of(str(folder)), reader_of("a.TSV"), reader_of("book.md"), reader_of("mnist")] == [
        "dcgan",
        "ar",
        "char_rnn",
        "dcgan",
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["/no/such/folder"], "does not exist"),
        (["auto", "--recipe", "dcgann"], "there is no recipe dcgann: did you mean dcgan?"),
        (["auto", "--out", "seen.jpg"], "choose a name that ends in .png"),
        (["book.txt"], "book.txt does not exist"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_one_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        command.main(words)
    said = capsys.readouterr().err
    assert ended.value.code == 2 and message in said and said.count("\n") == 1
