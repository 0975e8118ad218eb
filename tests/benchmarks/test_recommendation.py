"""The recommendation benchmark trains every fold once, resumes, and reports the winners."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import aigc_tf
from aigc_tf.recipes.mult_vae import MultVAE
from tools.benchmarks import recommendation
from tools.benchmarks.readings import quiet


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return aigc_tf.train(quiet(MultVAE.tiny(), steps=2), tmp_path_factory.mktemp("liked") / "run").path


def test_a_row_for_each_method_of_a_model_that_is_trained(run: Path):
    rows = recommendation.measured(aigc_tf.Run.open(run).recipe, 1, 7)  # type: ignore[arg-type]
    methods = [row["method"] for row in rows]
    assert methods == ["mult_vae", "popularity", "item-kNN", "EASE", "mult_vae, ensemble with EASE"]
    assert all(0 < row["ndcg_100"] <= 1 for row in rows)


def test_it_goes_on_where_it_stopped(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    asked = []

    def measured(recipe: Any, fold: int, seed: int) -> list[dict[str, Any]]:
        asked.append((fold, seed))
        figures = dict.fromkeys(recommendation.FIGURES, 0.1)
        return [{"method": "mult_vae", **figures, "ndcg_100": 0.3 + fold / 100 + seed}, {"method": "EASE", **figures}]

    monkeypatch.setattr(recommendation, "measured", measured)
    for _ in range(2):
        rows = recommendation.recommendation([run], (0, 1), tmp_path / "results.jsonl")
    assert asked == [(fold, seed) for fold in range(5) for seed in (0, 1)]
    best, other = recommendation.summary(rows)
    assert best["method"] == "mult_vae" and best["seeds"] == 2 and other["ndcg_100_error"] == pytest.approx(0)
    assert best["ndcg_100"] == pytest.approx(0.82) and best["ndcg_100_error"] == pytest.approx(0.01 * (0.5**0.5))
    text = recommendation.table(rows)
    assert "| mult_vae | 0.8200 ± 0.0071 | 0.1000 ± 0.0000 |" in text and "The highest NDCG@100: mult_vae." in text
