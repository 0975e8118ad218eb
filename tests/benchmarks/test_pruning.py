"""The pruning benchmark compares quality, size and latency, and resumes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import aigc_tf
from aigc_tf.errors import InputError
from aigc_tf.recipes.denoise import Denoise
from tools.benchmarks import pruning
from tools.benchmarks.figures import asked, compared
from tools.benchmarks.readings import quiet


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    recipe = quiet(Denoise.tiny(), steps=3, filters=8)
    return aigc_tf.train(recipe, tmp_path_factory.mktemp("denoise") / "run").path


def test_channels_make_the_file_smaller_and_zeros_the_compressed_one(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    report = pruning.pruning(run, [0.5], 2, 4, None, tmp_path / "pruning.jsonl")
    the_run, gone_on, weights, channels, alone = report["rows"]
    size = pytest.approx(the_run["bytes"], abs=64)  # a file's metadata name the run and the step
    assert weights["bytes"] == size and gone_on["bytes"] == size
    assert channels["bytes"] == pytest.approx(alone["bytes"], abs=64) and channels["bytes"] < the_run["bytes"] - 64
    assert weights["zipped_bytes"] < gone_on["zipped_bytes"]
    assert weights["weights"] == the_run["weights"] >= 2 * channels["weights"]
    assert aigc_tf.Run.open(next(tmp_path.glob("pruned-*/alone-0.5"))).step == 3 + 2
    assert all(row["latency"]["1"]["median_ms"] > 0 for row in report["rows"])
    head = report["table"].splitlines()[0].split(" | ")
    assert head[3].startswith("psnr_db")

    def measure(*_: Any) -> None:
        raise AssertionError("it is known already")

    monkeypatch.setattr(pruning, "report_of", measure)
    again = pruning.pruning(run, [0.5], 2, 4, "ssim_15", tmp_path / "pruning.jsonl")
    assert [row["figures"] for row in again["rows"]] == [row["figures"] for row in report["rows"]]


def test_the_figure_is_the_one_that_chooses_or_the_first_or_what_is_asked():
    report: dict[str, Any] = {"better": {"count": "neither", "psnr_db": "higher", "held_out_loss": "lower"}}
    report |= {"count": 3, "psnr_db": 20.0, "held_out_loss": 1.0}
    assert compared(Denoise.tiny(), report) == "held_out_loss"
    del report["better"]["held_out_loss"]
    assert compared(Denoise.tiny(), report) == "psnr_db"
    row = {"figures": {"psnr_db": 20.0, "ssim": 0.5}, "compared": "psnr_db"}
    assert [asked(row, figure) for figure in (None, "ssim")] == ["psnr_db", "ssim"]
    with pytest.raises(InputError, match="figure is count: choose among psnr_db, ssim"):
        asked(row, "count")


def test_other_sparsities_are_refused(run: Path, tmp_path: Path):
    with pytest.raises(InputError, match="sparsity is 1: give numbers between 0 and 1"):
        pruning.pruning(run, [0.5, 1.0], 2, 4, None, tmp_path / "pruning.jsonl")
