"""What restored photographs are measured beside."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from aigc_tf.families.restoration.degradations import Noise
from aigc_tf.recipes.denoise import Denoise
from tools.benchmarks.restoration import beside, measured, median

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
    row = measured(model, [CLEAN, CLEAN], None, method, "test")
    assert len(calls) == 3 and row["processor_seconds"] < 0.1
    assert row["psnr_db"] == 120 and row["ssim"] == pytest.approx(1) and row["photographs"] == 2


def test_bm3d_is_left_out_where_it_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    model = SimpleNamespace(degradation=Noise(Denoise()))
    for found in (None, object()):
        monkeypatch.setattr("tools.benchmarks.restoration.find_spec", lambda name, found=found: found)
        assert ("BM3D" in beside(model, Denoise(), None, 0)) == (found is not None)
        assert ("BM3D is left out" in capsys.readouterr().err) == (found is None)


def test_impulses_are_taken_away_by_medians():
    recipe = Denoise(noise="salt_and_pepper", strength=(5.0, 50.0))
    model = SimpleNamespace(degradation=Noise(recipe))
    assert {"median of 3x3", "median of 5x5"} < set(beside(model, recipe, None, 0))
    assert not any("median" in name for name in beside(model, Denoise(), None, 0))
    noisy = CLEAN.copy()
    noisy[20, 30], noisy[40, 10] = 1, 0
    np.testing.assert_allclose(median(3, {"image": noisy[np.newaxis]}), CLEAN, atol=1 / 63)
