"""Transform and score files of every modality."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import aigc_tf
from aigc_tf.cli.score import score
from aigc_tf.cli.transform import Work, main, reconstruct, seed_of_part, transform
from aigc_tf.data.classes import ClassNames
from aigc_tf.errors import InputError
from aigc_tf.families import tasks
from aigc_tf.families.tasks import Transforms
from aigc_tf.modalities.drawing import to_bytes
from aigc_tf.modalities.labels import Labels
from aigc_tf.modalities.text import Text
from tests.cli.conftest import IMAGES


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_a_folder_gives_a_folder_with_the_same_names(
    vae_run: aigc_tf.Run, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    main([str(vae_run.path), str(photos), "--out", str(tmp_path / "out")])
    printed = capsys.readouterr()
    assert printed.out.strip() == str(tmp_path / "out")
    assert "1 of 5 files could not be read" in printed.err and "damaged.png" in printed.err
    assert files_below(tmp_path / "out") == {"A.png", "a-2.png", "sub/a.png", "sub/wide.png"}
    expected = to_bytes(vae_run.transform(IMAGES[[2]]))[0, ..., 0]
    np.testing.assert_allclose(pixels(tmp_path / "out" / "sub" / "a.png").astype(int), expected, atol=1)
    reconstruct(vae_run.path, (photos,), out=tmp_path / "again")
    assert files_below(tmp_path / "again") == files_below(tmp_path / "out")
    for name in files_below(tmp_path / "out"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()


def test_one_input_gives_one_file(vae_run: aigc_tf.Run, photos: Path, tmp_path: Path):
    expected = vae_run.transform(IMAGES[[0]])
    transform(vae_run.path, (photos / "a.png",), out=tmp_path / "new" / "b.npy")
    np.testing.assert_allclose(np.load(tmp_path / "new" / "b.npy"), expected, atol=1e-5)
    transform(vae_run.path, (photos / "a.png",), out=tmp_path / "b.png")
    np.testing.assert_allclose(pixels(tmp_path / "b.png").astype(int), to_bytes(expected)[0, ..., 0], atol=1)
    before = (tmp_path / "b.png").read_bytes()
    with pytest.raises(InputError, match=r"b\.png already exists: choose another --out"):
        transform(vae_run.path, (photos / "A.bmp",), out=tmp_path / "b.png")
    assert (tmp_path / "b.png").read_bytes() == before


def test_nothing_is_written_where_something_is_there(vae_run: aigc_tf.Run, photos: Path, tmp_path: Path):
    (tmp_path / "out" / "sub").mkdir(parents=True)
    (tmp_path / "out" / "sub" / "wide.png").write_text("mine")
    with pytest.raises(InputError, match=r"sub/wide\.png already exists: choose another --out"):
        transform(vae_run.path, (photos,), out=tmp_path / "out")
    assert files_below(tmp_path / "out") == {"sub/wide.png"}


@pytest.mark.parametrize(
    ("inputs", "options", "message"),
    [
        (("a.png", "A.bmp"), {"out": "x.png"}, r"x\.png, and several results are possible: give a folder"),
        ((".",), {"out": "x.png"}, r"x\.png, and several results are possible: give a folder"),
        (("a.png",), {"out": "x.svg"}, r"--out ends in \.svg: choose a name that ends in \.png, .*, or a folder"),
        (("a.png",), {}, "--out is missing: give a folder for the pictures"),
        ((), {"out": "x"}, "no inputs are named"),
        (("nothing.png",), {"out": "x"}, r"nothing\.png does not exist"),
        (("a.png",), {"out": "x", "text": ("a",)}, "both inputs: give one of them"),
        ((), {"out": "x", "text": ("a",)}, "--text is for models that take text, and this one takes pictures"),
        (("a.png",), {"out": "x", "condition": ("Bag",)}, r"takes no condition: leave --condition"),
        (("a.png",), {"out": "x", "loudness": 0.5}, "a vae has no --loudness: leave it out"),
        (("sub/damaged.png",), {"out": "x"}, "none of the pictures can be read"),
    ],
)
def test_what_cannot_be_transformed_is_refused(
    vae_run: aigc_tf.Run, photos: Path, tmp_path: Path, inputs: tuple[str, ...], options: dict[str, Any], message: str
):
    chosen = options | ({"out": tmp_path / options["out"]} if "out" in options else {})
    with pytest.raises(InputError, match=message):
        transform(vae_run.path, tuple(photos / name for name in inputs), **chosen)
    assert [*tmp_path.iterdir()] == [photos]


class Shouts(Transforms):
    """Concatenates a text with its condition and its seed."""

    takes = gives = Text()
    condition = Labels(ClassNames(("low", "high")))

    def transform(self, inputs: list[str], seed: int = 0, condition: Any = None) -> list[str]:
        chosen = self.conditions(condition, len(inputs))
        return [f"{text} {number} {seed}" for text, number in zip(inputs, chosen, strict=True)]


def texts(folder: Path, count: int) -> Path:
    folder.mkdir()
    for index in range(count):
        (folder / f"{index}.txt").write_text(f"text {index}")
    (folder / "1.txt").write_bytes(b"\xff\xfe\xff")  # cannot be read
    return folder


def shouted(conditions: Any, seed: int = 0) -> Work:
    return Work(Shouts(), seed, conditions, {}, False, {"generated by": "a test"})


def test_conditions_stay_with_their_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tasks, "AT_ONCE", 2)
    folder = texts(tmp_path / "in", 5)
    shouted(Shouts.condition.parse(["low", "low", "high", "low", "high"]), seed=3).files([folder], tmp_path / "out")
    written = {path.name: path.read_text().split() for path in (tmp_path / "out").glob("*.txt")}
    numbers = {name: words[2] for name, words in written.items()}
    assert numbers == {"0.txt": "0", "2.txt": "1", "3.txt": "0", "4.txt": "1"}
    # Each batch has its own seed; the first one the given seed.
    seeds = {words[3] for words in written.values()}
    assert seeds == {"3", str(seed_of_part(3, 1))} and len(seeds) == 2
    shouted(Shouts.condition.parse(["high"])).files([folder], tmp_path / "all")
    assert {path.read_text().split()[2] for path in (tmp_path / "all").glob("*.txt")} == {"1"}
    with pytest.raises(InputError, match="names 3 for 5 inputs: give one, or one for each"):
        shouted(Shouts.condition.parse(["high", "low", "low"])).files([folder], tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_text_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    shouted(Shouts.condition.parse(["high"])).texts(["a", "b"], None)
    assert capsys.readouterr().out == "a 1 0\nb 1 0\n"
    shouted(None).files([texts(tmp_path / "in", 3)], None)
    assert capsys.readouterr().out == "text 0 0 0\ntext 2 1 0\n"


def test_pictures_are_scored(vae_run: aigc_tf.Run, photos: Path, capsys: pytest.CaptureFixture[str]):
    score(vae_run.path, (photos / "sub", photos / "a.png"))
    printed = capsys.readouterr()
    assert "1 of 4 files could not be read" in printed.err
    assert "score: how anomalous the image is, in nats" in printed.err
    found = {name: float(value) for name, value in (line.split(" ") for line in printed.out.splitlines())}
    assert list(found) == [str(photos / name) for name in ("sub/a.png", "sub/wide.png", "a.png")]
    expected = vae_run.model.score(IMAGES[[2, 0]])
    np.testing.assert_allclose([found[str(photos / "sub/a.png")], found[str(photos / "a.png")]], expected, rtol=1e-4)
    with pytest.raises(InputError, match=r"choose a name that ends in \.csv"):
        score(vae_run.path, (photos,), out=photos / "scores.txt")


def test_json_is_for_what_is_printed(vae_run: aigc_tf.Run, photos: Path, tmp_path: Path):
    with pytest.raises(InputError, match="--json prints the results of files or --text"):
        transform(vae_run.path, (photos / "a.png",), out=tmp_path / "b.png", json=True)
