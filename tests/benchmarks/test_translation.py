"""The image translation benchmark: baselines, paired and unpaired runs, all with the same evaluation networks."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

import aigc_tf
from aigc_tf.errors import InputError
from aigc_tf.recipes.cyclegan import CycleGAN
from aigc_tf.recipes.inpaint import Inpaint
from aigc_tf.recipes.pix2pix import Pix2Pix
from aigc_tf.recipes.settings import LoggingSettings
from tools.benchmarks import translation as module
from tools.benchmarks.translation import table, translation

QUIET = LoggingSettings(evaluate_every=10**6, samples_every=10**6)


def test_paired_beside_unpaired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    runs = tuple(tmp_path / name for name in ("paired", "unpaired"))
    for recipe, path in zip((Pix2Pix.tiny(), CycleGAN.tiny()), runs, strict=True):
        aigc_tf.train(dataclasses.replace(recipe, steps=2, logging=QUIET), path)
    monkeypatch.setattr(module, "MAX_PAIRS", 60)
    monkeypatch.setattr(module, "MAX_CROPS", 300)
    rows = translation(runs, tmp_path / "results.jsonl")
    found = {run: {row["method"]: row for row in rows if row["run"] == run} for run in ("paired", "unpaired")}
    copying, nearest = "the input", "the nearest training pair's target"
    changed, training = "the truth, slightly changed", "training pictures of B"
    assert [*found["paired"]] == ["pix2pix", copying, nearest, changed, training]
    assert [*found["unpaired"]] == ["cyclegan", copying, changed, training]
    assert len({row["judges"] for row in rows}) == 1
    paired = found["paired"]
    assert paired[nearest]["psnr_db"] > paired[copying]["psnr_db"]  # for negatives
    assert paired[changed]["recognised"] > paired[copying]["recognised"]
    assert paired[training]["kernel_distance"] < paired[copying]["kernel_distance"]
    for row in rows:
        if row["method"] != training:
            assert 0 <= row["recognised"] <= row["recognised_of_5"] <= 1 and row["pairs"] == 60
    assert table(rows).count("\n| ") == len(rows) + 1 and "nor the truths" in table(rows)

    monkeypatch.setattr(module, "measured", None)  # calling it would fail
    assert translation(runs, tmp_path / "results.jsonl") == rows


def test_runs_of_something_else_are_refused(tmp_path: Path):
    aigc_tf.train(dataclasses.replace(Inpaint.tiny(), steps=1, logging=QUIET), tmp_path / "run")
    with pytest.raises(InputError, match=r"run is a run of inpaint: give runs of pix2pix or cyclegan"):
        translation((tmp_path / "run",), tmp_path / "results.jsonl")
