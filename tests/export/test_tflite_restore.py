"""Tiled restoration of a photograph with an exported file."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import aigc_tf
from aigc_tf.modalities.photographs import StylePictures
from aigc_tf.recipes.denoise import Denoise
from aigc_tf.recipes.inpaint import Inpaint
from aigc_tf.recipes.photos import RestorationRecipe
from aigc_tf.recipes.settings import LoggingSettings
from aigc_tf.recipes.upscale import Upscale
from tools.tflite_restore import Squares, main, read_beside, restored

DEMO = Path(__file__).parents[2] / "tools" / "tflite_restore.py"
RANDOM = np.random.default_rng(0)
PHOTO = np.asarray(Image.fromarray(RANDOM.integers(0, 256, (9, 12), np.uint8)).resize((101, 66)))
MASK = np.zeros((66, 101), np.uint8)
MASK[10:16, 30:50] = 255  # as narrow as holes of training crops: wider holes are filled without tiling
QUIET = LoggingSettings(evaluate_every=10**6, evaluate_samples=20, samples_every=10**6)


def restore(file: Path, folder: Path, *words: str) -> np.ndarray:
    """The photograph restored by the command with a file, in [0, 1]."""
    Image.fromarray(PHOTO).save(folder / "photo.png")
    Image.fromarray(MASK).save(folder / "mask.png")
    out = folder / "out.png"
    command = [sys.executable, str(DEMO), str(file), str(folder / "photo.png"), "--out", str(out), *words]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return np.asarray(Image.open(out)) / 255


@pytest.mark.parametrize("recipe", [Upscale.tiny(), Denoise.tiny(), Inpaint.tiny()], ids=lambda recipe: recipe.slug())
def test_it_restores_as_the_model_does(recipe: RestorationRecipe, tmp_path: Path):
    recipe = dataclasses.replace(recipe, steps=12, batch_size=2, logging=QUIET)
    pictures = [RANDOM.integers(0, 256, (100, 100, 1), np.uint8) for _ in range(5)]
    run = aigc_tf.train(recipe, tmp_path / "run", data=pictures)
    words = ["--mask", str(tmp_path / "mask.png")] if isinstance(recipe, Inpaint) else ["--sigma", "10"]
    options = {"sigma": 10.0} if isinstance(recipe, Denoise) else {}
    condition = MASK if isinstance(recipe, Inpaint) else None
    (expected,) = run.transform([PHOTO[..., np.newaxis]], condition=condition, tile=256, **options)
    for tile, more in ((None, ["--tile", "64", "--threads", "2"]), (None, []), (64, [])):
        file = run.export(compare_with_keras=False, measure=False, tile=tile, out=tmp_path / f"{tile}").path
        made = restore(file, tmp_path, *words, *more)
        assert made.shape == expected.shape[:2]
        assert np.abs(made - expected[..., 0]).max() < 1.01 / 255  # tiled equals whole, rounded to 8 bits
    assert not np.array_equal(made.shape, PHOTO.shape) or np.abs(made - PHOTO / 255).max() > 0.5 / 255


def test_style_pictures_are_read_as_the_model_does(tmp_path: Path):
    Image.fromarray(np.repeat(PHOTO[..., np.newaxis], 3, axis=-1)).save(tmp_path / "style.png")
    found = read_beside(tmp_path / "style.png", 25.0, {"image": (2, -1, -1, 1), "style": (2, 32, 32, 1)})
    assert found.keys() == {"style"} and found["style"].shape == (2, 32, 32, 1)
    for picture in found["style"]:
        np.testing.assert_allclose(picture, StylePictures(32, 1).read(tmp_path / "style.png"), atol=1e-6)


@pytest.mark.parametrize("scale", [1, 3])
@pytest.mark.parametrize(
    "squares",
    [
        *(Squares(8, 0, 1, True), Squares(24, 6, 1, True, batch=2), Squares(64, 16, 8, True)),
        *(Squares(24, 4, 4, False), Squares(64, 12, 1, False), Squares(256, 32, 8, False)),
    ],
)
def test_squares_of_all_sizes_are_put_together(squares: Squares, scale: int):
    """For any size of the last tile."""
    picture = RANDOM.integers(0, 256, (37, 53, 3), np.uint8)
    seen = []

    def run(image: np.ndarray) -> dict[str, np.ndarray]:
        batch, height, width, _ = image.shape
        assert batch == squares.batch and height % squares.multiple == width % squares.multiple == 0
        assert max(height, width) <= squares.side
        assert not squares.fixed or (height, width) == (squares.side, squares.side)
        seen.append(image.shape)
        return {"picture": image.repeat(scale, axis=1).repeat(scale, axis=2)}

    made = restored(run, {"image": picture}, {}, squares)
    np.testing.assert_array_equal(made, picture.repeat(scale, axis=0).repeat(scale, axis=1))
    assert len(set(seen)) == 1  # LiteRT allocates memory once


def test_squares_waste_little_where_their_size_is_free():
    """1,000 pixels in three tiles: 334 each, not twice 480 and a remainder."""
    assert Squares(512, 16, 1, False).lengths(1000) == (3, 334)
    assert Squares(512, 16, 8, False).lengths(1000) == (3, 336)
    assert Squares(512, 16, 8, True).lengths(1000) == (3, 480)


class Filling:
    """Mock of an exported file that fills holes with grey."""

    def __init__(self, model_path: str, num_threads: int) -> None:
        if not Path(model_path).is_file():
            raise ValueError("could not open it")

    def get_signature_list(self) -> dict[str, Any]:
        return {"restore": {}}

    def get_signature_runner(self, name: str) -> Any:
        shapes = {name: {"shape_signature": np.array([1, 16, 16, 1])} for name in ("image", "mask")}

        def run(image: np.ndarray, mask: np.ndarray) -> dict[str, np.ndarray]:
            return {"restored": image * (1 - mask) + 0.5 * mask}

        run.get_input_details = lambda: shapes  # type: ignore[attr-defined]
        return run


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["photo.png", "--mask", "mask.png", "--out", "out.png"], ""),
        (["photo.png", "--out", "out.png"], "give --mask"),
        (["photo.png", "--mask", "small.png", "--out", "out.png"], "the mask has 7x5 pixels and the photo 101x66"),
        (["photo.png", "--mask", "mask.png", "--out", "nowhere/out.png"], "No such file"),
        (["torn.png", "--mask", "mask.png", "--out", "out.png"], r"cannot identify image file 'torn\.png'"),
        (["photo.png", "--mask", "mask.png", "--out", "old.png"], "export the run again"),
    ],
)
def test_what_the_command_says(
    words: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(PHOTO).save("photo.png")
    Image.fromarray(MASK).save("mask.png")
    Image.fromarray(MASK[:5, :7]).save("small.png")
    Path("torn.png").write_bytes(b"torn")
    Path("model.tflite").touch()
    monkeypatch.setattr("tools.tflite_restore.Interpreter", Filling)
    facts = {"overlap": 4, "multiple": 4} if "old.png" not in words else {}
    monkeypatch.setattr("tools.tflite_restore.read_metadata", lambda path: facts)
    monkeypatch.setattr(sys, "argv", ["tflite_restore.py", "model.tflite", *words])
    assert main() == (2 if message else 0)
    if message:
        assert re.match(rf"model\.tflite: .*{message}", capsys.readouterr().err)
        return
    made = np.asarray(Image.open("out.png"))
    np.testing.assert_array_equal(made, np.where(MASK > 0, 128, PHOTO))
