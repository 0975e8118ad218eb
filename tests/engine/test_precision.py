"""Mixed precision: close to float32, exact resume, reset after training, and refused where it would be slow."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import aigc_tf
from aigc_tf.engine import precision
from aigc_tf.errors import InputError
from aigc_tf.recipes.flow import Flow
from aigc_tf.recipes.settings import LoggingSettings
from aigc_tf.runs.run import Run

HERE = Path("/proc/cpuinfo")
HAS_INSTRUCTIONS = HERE.exists() and bool(precision._INSTRUCTIONS & set(HERE.read_text().split()))


@pytest.fixture
def recipe(pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flow:
    """In bfloat16 on any CPU: without hardware support, oneDNN emulates it or stays in float32."""
    (tmp_path / "cpuinfo").write_text("flags : sse amx_bf16\n")
    monkeypatch.setattr(precision, "_CPU", tmp_path / "cpuinfo")
    quiet = LoggingSettings(samples_every=1000, evaluate_every=1000)
    return dataclasses.replace(Flow.tiny(), source=str(pictures), logging=quiet, precision="bfloat16")


def weights(run: Run) -> np.ndarray:
    return np.concatenate([np.ravel(weight) for weight in run.model.get_weights()])


def test_it_learns_nearly_what_float32_does_and_draws_in_float32(recipe: Flow, tmp_path: Path):
    full = aigc_tf.train(recipe, tmp_path / "full", steps=4, precision="float32")
    mixed = aigc_tf.train(recipe, tmp_path / "mixed", steps=4)
    moved = np.abs(weights(full) - weights(aigc_tf.train(recipe, tmp_path / "first", steps=1))).max()
    difference = np.abs(weights(full) - weights(mixed)).max()
    assert difference < moved
    assert not HAS_INSTRUCTIONS or difference > 0
    assert all(weight.dtype == "float32" for weight in mixed.model.trainable_variables)
    assert np.array_equal(mixed.generate(4), aigc_tf.Run.open(mixed.path).generate(4))


def test_a_run_resumes_exactly_and_in_the_same_precision(recipe: Flow, tmp_path: Path):
    whole = aigc_tf.train(recipe, tmp_path / "whole", steps=4)
    aigc_tf.train(recipe, tmp_path / "parts", steps=2)
    with pytest.raises(InputError, match="precision"):
        aigc_tf.train(recipe, tmp_path / "parts", resume=True, steps=4, precision="float32")
    resumed = aigc_tf.train(recipe, tmp_path / "parts", resume=True, steps=4)
    assert np.array_equal(weights(whole), weights(resumed))


@pytest.mark.parametrize("flags", ["flags : sse avx2 avx512f\n", None])
def test_a_cpu_without_instructions_is_refused(
    recipe: Flow, flags: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(precision, "_CPU", tmp_path / "other")
    if flags:
        (tmp_path / "other").write_text(flags)
    with pytest.raises(InputError, match=r"not known to have instructions .* leave --precision out"):
        aigc_tf.train(recipe, tmp_path / "run", steps=1)
    assert not (tmp_path / "run").exists()
