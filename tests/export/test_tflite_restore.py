"""A photograph through an exported file, square by square."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import aigc_tf
from aigc_tf.recipes.denoise import Denoise
from aigc_tf.recipes.inpaint import Inpaint
from aigc_tf.recipes.photos import PhotoSettings, RestorationRecipe
from aigc_tf.recipes.settings import LoggingSettings
from aigc_tf.recipes.upscale import Upscale

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
