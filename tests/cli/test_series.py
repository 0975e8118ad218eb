"""tools.sample with runs of models of series."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import aigc_tf
from aigc_tf.errors import InputError
from aigc_tf.recipes.ar import AR
from aigc_tf.recipes.vrae import VRAE
from tools.sample_series import sample_series


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> aigc_tf.Run:
    folder = tmp_path_factory.mktemp("series")
    random = np.random.default_rng(0)
    (folder / "two.csv").write_text(
        "day,wind,rain\n" + "".join(f"{day},{random.normal()},{random.normal() + 9}\n" for day in range(200))
    )
    recipe = dataclasses.replace(AR.tiny(), steps=2, source=str(folder / "two.csv"))
    return aigc_tf.train(recipe, folder / "run")


def test_samples_as_table_array_and_picture(run: aigc_tf.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    sequences = run.generate(3, seed=1)
    for ending in ("csv", "npy", "png"):
        sample_series(run.path, count=3, seed=1, out=tmp_path / f"samples.{ending}")
    np.testing.assert_array_equal(np.load(tmp_path / "samples.npy"), sequences)
    head, *lines = (tmp_path / "samples.csv").read_text().splitlines()
    assert head == "sample,step,wind,rain" and len(lines) == 600
    sample, step, wind, rain = lines[405].split(",")
    assert (sample, step) == ("2", "5")
    np.testing.assert_array_equal(np.float32([wind, rain]), sequences[2, 5])
    with Image.open(tmp_path / "samples.png") as picture:
        assert picture.text["seed"] == "1"
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "samples.png")


def test_forecasts_go_on_from_the_end_of_the_series(run: aigc_tf.Run, tmp_path: Path):
    mean, deviation = run.model.forecast(run.source.values, 4)
    for ending in ("csv", "npy", "png"):
        sample_series(run.path, forecast=4, out=tmp_path / f"forecast.{ending}")
    np.testing.assert_array_equal(np.load(tmp_path / "forecast.npy"), [mean, deviation])
    table = np.genfromtxt(tmp_path / "forecast.csv", delimiter=",", names=True, deletechars="")
    assert table.dtype.names == ("step", "wind", "wind_deviation", "rain", "rain_deviation")
    np.testing.assert_array_equal(table["step"], [1, 2, 3, 4])
    np.testing.assert_allclose(table["rain"], mean[:, 1])
    np.testing.assert_allclose(table["rain_deviation"], deviation[:, 1])


def test_without_a_name_the_file_lies_in_the_run(run: aigc_tf.Run):
    sample_series(run.path, seed=3)
    sample_series(run.path, forecast=4)
    assert (run.path / "samples-seed3.png").is_file() and (run.path / "forecast.png").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"out": Path("samples.gif")}, r"--out is samples.gif: choose a name that ends in .csv"),
        ({"count": 0}, r"--count is 0"),
        ({"forecast": 0, "out": Path("a.csv")}, r"--forecast 0: give at least 1"),
    ],
)
def test_what_cannot_be_written_is_refused(run: aigc_tf.Run, options: dict[str, object], message: str):
    with pytest.raises(InputError, match=message):
        sample_series(run.path, **options)


def test_an_autoencoder_forecasts_nothing(tmp_path: Path):
    random = np.random.default_rng(0).standard_normal(60)
    run = aigc_tf.train(dataclasses.replace(VRAE.tiny(), steps=1), tmp_path / "run", data=random)
    sample_series(run.path, count=2)  # asks for no source
    with pytest.raises(InputError, match="a vrae forecasts nothing: choose a run of ar"):
        sample_series(run.path, forecast=3)
