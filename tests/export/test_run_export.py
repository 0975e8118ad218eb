"""Exporting a run: the quality loss by quantization is measured on its data, limited, and never silently skipped."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

import aigc_tf
from aigc_tf.cli.export import main as export
from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.images import ExportLimits, QuantizedLimits


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> aigc_tf.Run:
    """A run trained on images passed from Python."""
    images = np.load(pictures, allow_pickle=False)["images"]
    recipe = dataclasses.replace(DCGAN.tiny(), steps=2)
    return aigc_tf.train(recipe, tmp_path_factory.mktemp("runs") / "a run", data=images)


def test_quality_is_measured_where_the_data_is_and_otherwise_said_to_be_missing(
    run: aigc_tf.Run, capsys: pytest.CaptureFixture[str]
) -> None:
    quality = run.export(quantize="dynamic", compare_with_keras=False).report["quality"]
    assert quality["generate"]["samples"] == 200 and quality["generate"]["before"] > 0
    card = (run.path / "README.md").read_text()
    assert f"{quality['generate']['before']:.4g} | {quality['generate']['after']:.4g}" in card
    said = capsys.readouterr().err
    assert "warning" not in said and "measuring what quantizing changes in quality; --no-measure" in said

    exported = aigc_tf.Run.open(run.path).export(quantize="dynamic", compare_with_keras=False)
    assert exported.path.is_file()
    assert "data given from Python" in exported.report["quality"]["not_measured"]
    assert "not measured: the run was trained on data given from Python" in capsys.readouterr().err
    assert "quality not measured" in (run.path / "README.md").read_text()


def test_without_8_bit_numbers_quality_is_not_measured(run: aigc_tf.Run) -> None:
    report = run.export(quantize="float16").report
    assert report["quality"] is None
    assert report["keras_litert"]["generate"]["peak_memory"]["added_by_file_bytes"] > 0
    assert "times faster" in (run.path / "README.md").read_text()


def test_nothing_is_measured_that_takes_long_where_it_was_asked(
    run: aigc_tf.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("measured")

    monkeypatch.setattr("aigc_tf.export.quality.images.feature_network", refuse)
    monkeypatch.setattr("aigc_tf.export.reporting.measure", refuse)
    export([str(run.path), "--quantize", "int8", "--no-measure", "--out", str(tmp_path / "out"), "--json"])
    printed = capsys.readouterr()
    report = json.loads(printed.out)
    assert report["quality"] == {"not_measured": "as it was asked (--no-measure)"}
    assert "latency" not in report and "measuring" not in printed.err
    assert report["signatures"]["generate"]["difference"]["tflite"]["largest"] > 0  # compared
    run.export(measure=False)  # its card
    assert "| tflite-none-batch1 |" in (run.path / "README.md").read_text()


def test_a_file_beyond_the_limits_is_deleted_and_the_command_fails_with_numbers(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    none = QuantizedLimits(distance_share=0.0, psnr_db=0.0)
    limits = ExportLimits(samples=60, dynamic=none, int8=none)
    recipe = dataclasses.replace(DCGAN.tiny(), source=str(pictures), steps=2, export_limits=limits)
    run = aigc_tf.train(recipe, tmp_path / "run")
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        export([str(run.path), "--quantize", "dynamic", "--json"])
    assert end.value.code == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "%, 60 samples), the limit is 0.0%: choose quantize float16" in printed.err.splitlines()[-1]
    assert list((run.path / "exports").iterdir()) == []


def test_limits_can_be_changed_when_a_run_is_resumed(run: aigc_tf.Run, pictures: Path) -> None:
    """They do not affect training, and the message of a failed export names them."""
    other = dataclasses.replace(run.recipe, export_limits=ExportLimits(samples=77))
    images = np.load(pictures, allow_pickle=False)["images"]
    aigc_tf.train(other, run.path, resume=True, data=images)
    recorded = json.loads((run.path / "recipe.json").read_text())["fields"]["export_limits"]
    assert recorded["samples"] == 77


def test_the_finest_quantization_that_fits_is_chosen(run: aigc_tf.Run, capsys: pytest.CaptureFixture[str]) -> None:
    kinds = ("none", "float16", "dynamic")
    sizes = [run.export(quantize=kind, measure=False).path.stat().st_size for kind in kinds]
    assert sizes[0] > sizes[1]
    export([str(run.path), "--target-bytes", str(sizes[1]), "--no-measure", "--json"])
    assert json.loads(capsys.readouterr().out)["quantize"] == "float16"
    with pytest.raises(SystemExit) as stopped:
        export([str(run.path), "--target-bytes", "100", "--no-measure"])
    assert stopped.value.code == 2
    told = capsys.readouterr().err
    assert f"none has {sizes[0]:,}" in told and "int8" in told and "train a smaller network" in told
    with pytest.raises(SystemExit):
        export([str(run.path), "--target-bytes", "100", "--quantize", "int8"])
    assert "leave --format and --quantize out" in capsys.readouterr().err
