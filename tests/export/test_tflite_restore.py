"""A photograph through an exported file, square by square."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import aigc_tf
from aigc_tf.recipes.denoise import Denoise
from aigc_tf.recipes.inpaint import Inpaint
from aigc_tf.recipes.photos import PhotoSettings, RestorationRecipe
from aigc_tf.recipes.settings import LoggingSettings
from aigc_tf.recipes.upscale import Upscale
from tools.tflite_restore import main, restored

DEMO = Path(__file__).parents[2] / "tools" / "tflite_restore.py"
RANDOM = np.random.default_rng(0)
PHOTO = np.asarray(Image.fromarray(RANDOM.integers(0, 256, (9, 12), np.uint8)).resize((101, 66)))
MASK = np.zeros((66, 101), np.uint8)
MASK[10:20, 30:50] = 255
QUIET = LoggingSettings(evaluate_every=10**6, samples_every=10**6)


@pytest.mark.parametrize("recipe", [Upscale.tiny(), Denoise.tiny(), Inpaint.tiny()], ids=lambda recipe: recipe.slug())
def test_it_restores_as_the_model_does(recipe: RestorationRecipe, tmp_path: Path):
    photos = PhotoSettings(crop=96 if isinstance(recipe, Upscale) else 48, channels=1)
    recipe = dataclasses.replace(recipe, photos=photos, steps=12, batch_size=2, logging=QUIET)
    pictures = [RANDOM.integers(0, 256, (100, 100, 1), np.uint8) for _ in range(5)]
    run = aigc_tf.train(recipe, tmp_path / "run", data=pictures)
    file = run.export(compare_with_keras=False).path
    Image.fromarray(PHOTO).save(tmp_path / "photo.png")
    Image.fromarray(MASK).save(tmp_path / "mask.png")
    extra = ["--mask", str(tmp_path / "mask.png")] if isinstance(recipe, Inpaint) else ["--sigma", "10"]
    command = [
        sys.executable,
        str(DEMO),
        str(file),
        str(tmp_path / "photo.png"),
        "--out",
        str(tmp_path / "out.png"),
        *extra,
    ]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    made = np.asarray(Image.open(tmp_path / "out.png")) / 255
    options = {"sigma": 10.0} if isinstance(recipe, Denoise) else {}
    condition = MASK if isinstance(recipe, Inpaint) else None
    (expected,) = run.transform([PHOTO[..., np.newaxis]], condition=condition, **options)
    assert made.shape == expected.shape[:2]
    assert np.abs(made - expected[..., 0]).mean() < 1 / 255
    assert not np.array_equal(made.shape, PHOTO.shape) or np.abs(made - PHOTO / 255).max() > 0.5 / 255


@pytest.mark.parametrize("side", [8, 16, 24, 64])
@pytest.mark.parametrize("scale", [1, 3])
def test_squares_of_all_sizes_are_put_together(side: int, scale: int):
    """Whatever is left of a square: an `upscale` run with its own settings takes 24 pixels."""
    picture = RANDOM.random((37, 53, 3)).astype(np.float32)

    def run(image: np.ndarray) -> dict[str, np.ndarray]:
        assert image.shape == (2, side, side, 3)
        return {"restored": image.repeat(scale, axis=1).repeat(scale, axis=2)}

    made = restored(run, {"image": (2, side, side, 3)}, {"image": picture}, 0)
    np.testing.assert_array_equal(made, picture.repeat(scale, axis=0).repeat(scale, axis=1))


class Filling:
    """An exported file that fills holes with grey."""

    def __init__(self, model_path: str) -> None:
        if not Path(model_path).is_file():
            raise ValueError("could not open it")

    def get_signature_list(self) -> dict[str, Any]:
        return {"restore": {}}

    def get_signature_runner(self, name: str) -> Any:
        shapes = {"image": {"shape": (1, 16, 16, 1)}, "mask": {"shape": (1, 16, 16, 1)}}

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
    ],
)
def test_what_the_command_says(words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(PHOTO).save("photo.png")
    Image.fromarray(MASK).save("mask.png")
    Image.fromarray(MASK[:5, :7]).save("small.png")
    Path("torn.png").write_bytes(b"torn")
    Path("model.tflite").touch()
    monkeypatch.setattr("tools.tflite_restore.Interpreter", Filling)
    monkeypatch.setattr(sys, "argv", ["tflite_restore.py", "model.tflite", *words])
    if message:
        with pytest.raises(SystemExit, match=rf"^model\.tflite: .*{message}"):
            main()
        return
    main()
    made = np.asarray(Image.open("out.png"))
    np.testing.assert_array_equal(made, np.where(MASK > 0, 128, PHOTO))
