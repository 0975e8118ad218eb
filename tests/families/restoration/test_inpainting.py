"""Inpainting: the command line, and evaluation."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import distance_transform_edt

import aigc_tf
from aigc_tf.cli.transform import transform
from aigc_tf.errors import InputError
from aigc_tf.families.restoration.inpainting import halved
from aigc_tf.families.restoration.model import Restorer
from aigc_tf.metrics.evaluator import Request
from aigc_tf.metrics.images.restoration import Restored, likeness
from aigc_tf.nn.holes import LARGEST_BOX, regular_holes
from aigc_tf.recipes.inpaint import Inpaint
from aigc_tf.recipes.settings import LoggingSettings

QUIET = LoggingSettings(evaluate_every=10**6, samples_every=10**6)
PHOTO = np.random.default_rng(0).integers(0, 256, (40, 50), np.uint8)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> aigc_tf.Run:
    recipe = dataclasses.replace(Inpaint.tiny(), steps=2, batch_size=2, logging=QUIET)
    pictures = [np.random.default_rng(index).integers(0, 256, (40, 50, 1), np.uint8) for index in range(12)]
    return aigc_tf.train(recipe, tmp_path_factory.mktemp("runs") / "run", data=pictures)


def test_only_what_the_mask_names_is_changed(run: aigc_tf.Run, tmp_path: Path):
    photo, mask, out = (tmp_path / f"{name}.png" for name in ("photo", "mask", "out"))
    missing = np.zeros_like(PHOTO)
    missing[10:20, 30:45] = 255
    Image.fromarray(PHOTO).save(photo)
    Image.fromarray(missing).save(mask)
    with pytest.raises(InputError, match="--condition is missing: inpaint needs masks"):
        transform(run.path, (photo,), out=out)
    transform(run.path, (photo,), out=out, condition=(str(mask),))
    made = np.asarray(Image.open(out))
    np.testing.assert_array_equal(made[missing == 0], PHOTO[missing == 0])
    assert (made != PHOTO)[missing > 0].mean() > 0.9
    Image.fromarray(missing[:-1]).save(mask)
    with pytest.raises(InputError, match="the mask has 50x39 pixels and the picture 50x40"):
        transform(run.path, (photo,), out=tmp_path / "again.png", condition=(str(mask),))


def test_what_was_done_is_said(run: aigc_tf.Run):
    measured = Restored().measure(run.model, run.source, run.recipe, Request(part="validation", samples=5, seed=3))
    assert measured.protocol["degradation"].startswith("holes of 24 pixels in each square of 64")
    assert "restored pixels only" in measured.protocol["psnr"] and "restored pixels only" in measured.protocol["ssim"]
    assert set(measured.figures) == {"psnr_db_24", "psnr_db_free", "ssim_24", "ssim_free"}


def test_only_pixels_inside_the_hole_count():
    clean = np.random.default_rng(0).random((40, 50, 3)).astype(np.float32)
    hole = regular_holes(40, 50, 24)[np.newaxis, ..., 0] > 0
    grey = np.where(hole[0, ..., np.newaxis], np.float32(0.5), clean)
    inside, whole = likeness(grey, clean, hole), likeness(grey, clean, None)
    assert inside[0] == pytest.approx(10 * np.log10(1 / np.mean((clean[hole[0]] - 0.5) ** 2)), abs=1e-3)
    assert inside[1] < 0.2 < whole[1]
    elsewhere = np.where(hole[0, ..., np.newaxis], clean, np.float32(0.5))
    assert likeness(elsewhere, clean, hole)[0] == 120
    assert likeness(clean, clean, np.zeros_like(hole)) == (120, 1)


def test_the_middle_of_a_wide_hole_comes_from_smaller_pictures(run: aigc_tf.Run, monkeypatch: pytest.MonkeyPatch):
    calls: list[dict[str, np.ndarray]] = []

    def filled(self: object, inputs: dict[str, np.ndarray], *tiling: object) -> np.ndarray:
        calls.append(inputs)
        return np.where(inputs["mask"] > 0, np.float32(0.5), inputs["image"])

    monkeypatch.setattr(Restorer, "applied", filled)
    image, mask = np.full((91, 120, 1), 0.25, np.float32), np.zeros((91, 120, 1), np.float32)
    mask[10:91, 20:100] = 1
    made = run.model.applied({"image": image * (1 - mask), "mask": mask})
    depth = LARGEST_BOX / 2 * run.recipe.photos.crop
    depths = [distance_transform_edt(call["mask"][..., 0]).max() for call in calls]
    assert [call["mask"].shape[:2] for call in calls] == [(6, 8), (12, 15), (23, 30), (46, 60), (91, 120)]
    assert max(depths) <= depth and made.shape == image.shape
    np.testing.assert_array_equal(made[mask == 0], image[mask == 0])
    assert made[50, 60] == 0.5


def test_a_pixel_of_half_the_size_is_the_mean_of_what_is_known():
    image = np.array([[0.2, 0.4, 0.9], [0.6, 0.0, 0.9], [0.1, 0.3, 0.5]], np.float32)[..., np.newaxis]
    mask = np.array([[0, 0, 1], [0, 1, 1], [0, 0, 0]], np.float32)[..., np.newaxis]
    small = halved(image * (1 - mask), mask)
    np.testing.assert_allclose(small["image"][..., 0], [[0.4, 0], [0.2, 0.5]], atol=1e-6)
    np.testing.assert_array_equal(small["mask"][..., 0], [[0, 1], [0, 0]])
