"""Commands with runs of time series models."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import aigc_tf
from aigc_tf.cli import forecast as forecast_command
from aigc_tf.cli.explorations import Interpolate
from aigc_tf.cli.explore import explore
from aigc_tf.cli.forecast import forecast
from aigc_tf.cli.sample import Moved, main, sample
from aigc_tf.errors import InputError
from aigc_tf.recipes.ar import AR
from aigc_tf.recipes.vrae import VRAE


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
        sample(run.path, count=3, seed=1, out=tmp_path / f"samples.{ending}")
    np.testing.assert_array_equal(np.load(tmp_path / "samples.npy"), sequences)
    head, *lines = (tmp_path / "samples.csv").read_text().splitlines()
    assert head == "sample,step,wind,rain" and len(lines) == 600
    number, step, wind, rain = lines[405].split(",")
    assert (number, step) == ("2", "5")
    np.testing.assert_array_equal(np.float32([wind, rain]), sequences[2, 5])
    with Image.open(tmp_path / "samples.png") as picture:
        assert picture.text["seed"] == "1"
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "samples.png")


def test_forecasts_go_on_from_the_end_of_the_series(run: aigc_tf.Run, tmp_path: Path):
    mean, deviation = run.model.forecast(run.source.values, 4)
    for ending in ("csv", "npy", "png"):
        forecast(run.path, steps=4, out=tmp_path / f"forecast.{ending}")
    np.testing.assert_array_equal(np.load(tmp_path / "forecast.npy"), [mean, deviation])
    table = np.genfromtxt(tmp_path / "forecast.csv", delimiter=",", names=True, deletechars="")
    assert table.dtype.names == ("step", "wind", "wind_deviation", "rain", "rain_deviation")
    np.testing.assert_array_equal(table["step"], [1, 2, 3, 4])
    np.testing.assert_allclose(table["rain"], mean[:, 1])
    np.testing.assert_allclose(table["rain_deviation"], deviation[:, 1])


def test_the_old_flag_is_short_for_the_command(run: aigc_tf.Run, tmp_path: Path):
    main([str(run.path), "--forecast", "4", "--out", str(tmp_path / "old.csv")])
    forecast_command.main([str(run.path), "--steps", "4", "--out", str(tmp_path / "new.csv")])
    assert (tmp_path / "old.csv").read_bytes() == (tmp_path / "new.csv").read_bytes()


def test_forecasts_go_on_from_a_file(run: aigc_tf.Run, tmp_path: Path):
    values = run.source.values[:50]
    rows = "".join(f"{rain!r},{wind!r}\n" for wind, rain in values.tolist())
    (tmp_path / "mine.csv").write_text("rain,wind\n" + rows)
    forecast(run.path, tmp_path / "mine.csv", steps=2, out=tmp_path / "forecast.npy")
    np.testing.assert_allclose(np.load(tmp_path / "forecast.npy"), run.model.forecast(values, 2))


def test_without_a_name_the_file_lies_in_the_run(run: aigc_tf.Run):
    sample(run.path, seed=3)
    forecast(run.path, steps=4)
    assert (run.path / "samples-seed3.csv").is_file() and (run.path / "forecast.png").is_file()
    assert len((run.path / "samples-seed3.csv").read_text().splitlines()) == 1 + 8 * 200


def test_the_recipes_options_are_taken(run: aigc_tf.Run, tmp_path: Path):
    main([str(run.path), "--count", "1", "--steps", "7", "--out", str(tmp_path / "short.npy")])
    assert np.load(tmp_path / "short.npy").shape == (1, 7, 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"out": Path("samples.gif")}, r"--out ends in .gif: choose a name that ends in .csv"),
        ({"count": 0}, r"--count is 0"),
        ({"moved": Moved(forecast=0), "out": Path("a.csv")}, r"--steps is 0: give at least 1"),
        ({"moved": Moved(forecast=3), "out": Path("a.gif")}, r"--out ends in .gif: choose a name that ends in .png"),
        ({"moved": Moved(forecast=3), "count": 5}, r"--forecast has no --count: leave it out"),
    ],
)
def test_what_cannot_be_written_is_refused(run: aigc_tf.Run, options: dict[str, Any], message: str):
    with pytest.raises(InputError, match=message):
        sample(run.path, **options)


def test_an_autoencoder_forecasts_nothing(tmp_path: Path):
    random = np.random.default_rng(0).standard_normal(60)
    run = aigc_tf.train(dataclasses.replace(VRAE.tiny(), steps=1), tmp_path / "run", data=random)
    sample(run.path, count=2)  # needs no source
    with pytest.raises(InputError, match="a vrae does not forecast: choose a run of ar"):
        forecast(run.path, steps=3)
    # The same classes as for pictures: any model with a latent space can be explored.
    explore(run.path, Interpolate(count=3, seed=1, out=tmp_path / "way.npy"))
    ends = run.model.decode(run.model.latents(2, 1))
    np.testing.assert_allclose(np.load(tmp_path / "way.npy")[[0, -1]], ends, atol=1e-5)
