"""Interpolated slices of volumes: kept slices, new slices, and the command."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nibabel
import numpy as np
import pytest

import aigc_tf
from aigc_tf.data.volumes.volume import Volume, read_nifti
from aigc_tf.families.restoration.scans import finer
from aigc_tf.recipes.finer_slices import FinerSlices
from aigc_tf.recipes.photos import PhotoSettings
from tools.finer_scan import finer_scan

RANDOM = np.random.default_rng(0)
VALUES = RANDOM.random((8, 9, 5)).astype(np.float32) * 100
AFFINE = np.diag([1.0, 1.0, 3.0, 1.0])


def model(change: float, axis: str = "coronal", every: int = 3) -> Any:
    recipe = FinerSlices(every=every, photos=PhotoSettings(axis=axis, channels=1))  # type: ignore[arg-type]
    return SimpleNamespace(recipe=recipe, applied=lambda inputs: inputs["image"] + change)


@pytest.mark.parametrize(("axis", "rows"), [("coronal", 2), ("sagittal", 2), ("axial", 1)])
def test_given_slices_stay_and_new_ones_are_linear_plus_a_change(axis: str, rows: int):
    made = finer(model(0.25, axis), Volume(VALUES, AFFINE), (0.0, 100.0))
    count = VALUES.shape[rows]
    given = np.take(made.values, range(0, 3 * count - 2, 3), rows)
    np.testing.assert_array_equal(given, VALUES)
    first, second = np.take(VALUES, 0, rows), np.take(VALUES, 1, rows)
    np.testing.assert_allclose(np.take(made.values, 1, rows), first + (second - first) / 3 + 25, rtol=1e-5, atol=1e-3)
    assert made.values.shape[rows] == 3 * (count - 1) + 1
    assert made.spacing[rows] == pytest.approx(Volume(VALUES, AFFINE).spacing[rows] / 3)


def test_planes_lie_as_in_training():
    """The network's first row is the top of the volume."""
    seen = []
    one = model(0.0)
    one.applied = lambda inputs: seen.append(inputs["image"]) or inputs["image"]
    finer(one, Volume(VALUES, AFFINE), (0.0, 100.0))
    np.testing.assert_allclose(seen[2][0, :, 0], VALUES[:, 2, -1] / 100, rtol=1e-5)


def test_a_scan_is_read_and_a_finer_one_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    nibabel.save(nibabel.Nifti1Image(RANDOM.random((20, 40, 24)).astype(np.float32), AFFINE), tmp_path / "scan.nii.gz")
    photos = PhotoSettings(axis="coronal", crop=16, channels=1)
    recipe = dataclasses.replace(FinerSlices.tiny(), source=str(tmp_path / "scan.nii.gz"), photos=photos, steps=2)
    run = aigc_tf.train(recipe, tmp_path / "run")
    out = tmp_path / "made" / "finer.nii.gz"
    finer_scan(run.path, tmp_path / "scan.nii.gz", out=out)
    made, given = read_nifti(out), read_nifti(tmp_path / "scan.nii.gz")
    np.testing.assert_array_equal(made.values[:, :, ::2], given.values)
    assert made.spacing[2] == pytest.approx(1.5)
    assert b"FinerSlices" in nibabel.load(out).header["descrip"].item()
    with pytest.raises(aigc_tf.errors.InputError, match="already exists"):
        finer_scan(run.path, tmp_path / "scan.nii.gz", out=out)
    with pytest.raises(aigc_tf.errors.InputError, match=r"ends in \.nii"):
        finer_scan(run.path, tmp_path / "scan.nii.gz", out=tmp_path / "finer.png")
