"""The privacy benchmark trains each recipe at each ε, and resumes."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from aigc_tf.errors import InputError
from aigc_tf.privacy.accounting import Guarantee
from aigc_tf.recipes.dp_vae import DPVAE
from tools.benchmarks import privacy


def test_it_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = []

    def train(name: str, epsilon: float | None, *_: object) -> dict[str, Any]:
        made.append((name, epsilon))
        return {"delta": 1e-5, "frechet_distance": 10 / (epsilon or 20), "steps": 100}

    monkeypatch.setattr(privacy, "measure", train)
    arguments = ([3.0, 1.0], ["dp_gan"], 0, 100, "some", tmp_path / "results.jsonl")
    first = privacy.privacy(*arguments)
    assert privacy.privacy(*arguments) == first and [row["frechet_distance"] for row in first] == [10, 10 / 3, 0.5]
    assert made == [("dp_gan", 1.0), ("dp_gan", 3.0), ("dp_gan", None)]
    assert "| dp_gan | none | 1e-05 |" in privacy.table(first)
    with pytest.raises(InputError, match="no private recipe vae: choose of dp_flow, dp_gan"):
        privacy.privacy([1.0], ["vae"], 0, 100, "some", tmp_path / "results.jsonl")


def test_all_private_recipes_of_images_are_trained_if_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(privacy, "measure", lambda *_: {})
    rows = privacy.privacy([1.0], [], 0, 100, "some", tmp_path / "results.jsonl")
    assert {row["recipe"] for row in rows} == {"dp_flow", "dp_gan", "dp_vae"} and len(rows) == 6


@pytest.mark.parametrize("epsilon", [1.0, None])
def test_a_recipe_is_trained_and_measured(epsilon: float | None, pictures: Path, monkeypatch: pytest.MonkeyPatch):
    tiny = dataclasses.replace(DPVAE.tiny(), steps=20)
    monkeypatch.setattr(privacy, "private_recipes", lambda: {"x": lambda **fields: dataclasses.replace(tiny, **fields)})
    promised = Guarantee(189, 32, 1, epsilon, 2.0 * (epsilon or 0), 1e-4, ((20, 1.0),) if epsilon else ())
    monkeypatch.setattr("aigc_tf.privacy.poisson.guarantee", lambda *_: promised)
    figures = {"frechet_distance": 1.0, "precision": 0.5, "recall": 0.25}
    monkeypatch.setattr("tools.benchmarks.readings.report_of", lambda *_: figures)
    found = privacy.measure("x", epsilon, 0, 10, str(pictures))
    assert found["updates"] == 20 and found["expected_batch"] == 32 and found.items() >= figures.items()
    assert found.get("epsilon") == epsilon
    assert (found["noise_multiplier"] > 0) == (epsilon is not None)
