"""The benchmark of the articles' designs trains both variants, resumes, and measures what is available."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from aigc_tf.errors import InputError
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.vae import VAE
from tools.benchmarks import printed


def test_each_design_is_measured_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    trained: list[Recipe] = []

    def measure(recipe: Recipe, source: str, seconds: float, samples: int, seed: int) -> dict[str, Any]:
        trained.append(recipe)
        return {"batch": recipe.batch_size, "steps": 5, "frechet_distance": 2.0}

    monkeypatch.setattr(printed, "measure", measure)
    asked: dict[str, Any] = {"source": "a", "seconds": 1.0, "samples": 9, "seed": 0, "results": tmp_path / "rows.jsonl"}
    rows = printed.printed(["vae"], **asked)
    assert trained == [VAE.printed(), VAE()]
    assert [row["design"] for row in rows] == ["printed", "ours"]
    assert printed.printed(["vae"], **asked) == rows and len(trained) == 2
    assert "| vae | ours | 64 | 5 | 2 |" in printed.table(rows)


def test_what_no_article_prints_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="no article describes gpt: choose of conv_gan"):
        printed.printed(["gpt"], "a", 1.0, 9, 0, tmp_path / "rows.jsonl")


def test_a_short_training_is_measured(pictures: Path):
    found = printed.measure(dataclasses.replace(VAE.tiny(), seed=1), str(pictures), 0.05, 20, 0)
    assert found["steps"] > 1 and found["batch"] == 8
    assert found["frechet_distance"] > 0 and found["psnr_db"] > 0
