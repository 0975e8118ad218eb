"""Baselines of photograph restoration."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from aigc_tf.data.photos.photos import gathered
from aigc_tf.data.photos.source import PhotoSource
from aigc_tf.families.restoration.degradations import Noise
from aigc_tf.nn.holes import regular_holes
from aigc_tf.recipes.denoise import Denoise
from aigc_tf.recipes.photos import PhotoSettings
from tools.benchmarks.holes import distance_in_holes, squares_in_holes
from tools.benchmarks.restoration import beside, measured, median, spline

CLEAN = np.tile(np.linspace(0, 1, 64, dtype=np.float32)[None, :, None], (64, 1, 3))


def test_what_is_made_once_is_not_timed():
    calls = []

    def method(inputs: Any) -> np.ndarray:
        end = time.process_time() + (0.0 if calls else 0.5)
        calls.append(inputs["image"].shape)
        while time.process_time() < end:
            pass
        return inputs["image"][0]

    degradation = SimpleNamespace(counted=lambda inputs: None)
    model = SimpleNamespace(examples=lambda clean, seed, strength: {"image": clean}, degradation=degradation)
    row = measured(model, None, [CLEAN, CLEAN], None, method, "test")
    assert len(calls) == 3 and row["processor_seconds"] < 0.1
    assert row["psnr_db"] == 120 and row["ssim"] == pytest.approx(1) and row["photographs"] == 2
    assert row["kernel_distance"] is None


def test_bm3d_is_left_out_where_it_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    model = SimpleNamespace(degradation=Noise(Denoise()))
    for found in (None, object()):
        monkeypatch.setattr("tools.benchmarks.restoration.find_spec", lambda name, found=found: found)
        assert ("BM3D" in beside(model, Denoise(), None, 0)) == (found is not None)
        assert ("BM3D is left out" in capsys.readouterr().err) == (found is None)


def test_rows_between_rows_lie_on_a_spline():
    every, rows = 2, np.linspace(0, 1, 65, dtype=np.float32)
    clean = np.sin(3 * rows)[np.newaxis, :, np.newaxis, np.newaxis]
    linear = np.interp(rows, rows[::every], clean[0, ::every, 0, 0])[np.newaxis, :, np.newaxis, np.newaxis]
    made = spline(every, {"image": linear})
    assert np.abs(made - clean[0]).max() < np.abs(linear - clean).max() / 3
    np.testing.assert_allclose(made[::every], clean[0, ::every], atol=1e-6)


def test_impulses_are_taken_away_by_medians():
    recipe = Denoise(noise="salt_and_pepper", strength=(5.0, 50.0))
    model = SimpleNamespace(degradation=Noise(recipe))
    assert {"median of 3x3", "median of 5x5"} < set(beside(model, recipe, None, 0))
    assert not any("median" in name for name in beside(model, Denoise(), None, 0))
    noisy = CLEAN.copy()
    noisy[20, 30], noisy[40, 10] = 1, 0
    np.testing.assert_allclose(median(3, {"image": noisy[np.newaxis]}), CLEAN, atol=1 / 63)


def test_squares_cover_holes_and_leave_scratches_out():
    missing = regular_holes(130, 200, 24)[..., 0] > 0
    places = squares_in_holes(missing, 24)
    covered = np.zeros_like(missing)
    for place in places:
        covered[place] = True
    assert len(places) == 6 and (covered == missing).all()
    missing[60] = True  # a scratch between holes
    assert len(squares_in_holes(missing, 24)) == 6
    rows, columns = np.mgrid[:100, :100]
    disc = np.hypot(rows - 50, columns - 50) < 30
    places = squares_in_holes(disc, 24)
    assert len(places) >= 3 and all(disc[place].mean() >= 0.5 for place in places)
    counted = np.zeros(disc.shape, int)
    for place in places:
        counted[place] += 1
    assert counted.max() == 1
    assert squares_in_holes(np.zeros((24, 24), bool), 24) == []


def test_filled_holes_are_compared_with_what_was_there():
    """The ground truth is closer than a constant; models other than inpainting have no such figure."""
    random = np.random.default_rng(0)
    texture = [(random.random((96, 96, 1)) < 0.5).astype(np.float32) for _ in range(8)]
    photos = gathered(((255 * photo).astype(np.uint8) for photo in texture), 1)
    settings = PhotoSettings(crop=24, channels=1)
    source = PhotoSource(
        name="texture", settings=settings, train=photos, test=photos, test_split="none", licence="none"
    )
    holes = [regular_holes(96, 96, 24)[..., 0] > 0] * 8
    flat = [np.full_like(photo, 0.5) for photo in texture]
    same, grey = (distance_in_holes(source, made, texture, holes) for made in (texture, flat))
    assert same is not None and grey is not None and same < 0.1 * grey
    assert distance_in_holes(source, flat, texture, [np.zeros((96, 96), bool)] * 8) is None
