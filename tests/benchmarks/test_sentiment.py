"""The text classification benchmark resumes, and its table marks what beats the baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc_tf.recipes.classify import Classify
from aigc_tf.recipes.text import TextSettings
from tools.benchmarks import sentiment

TEXT = TextSettings(unit="word", lines=True, length=12)


def figures(accuracy: float) -> dict[str, Any]:
    beside = {"accuracy": 0.8, "nats": 0.5, "calibration_error": 0.04}
    return {"accuracy_low": 0.7, "accuracy_high": 0.9, "accuracy": accuracy, "calibration_error": 0.01} | {
        "baseline": beside
    }


def test_it_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    measured: list[Classify] = []

    def measure(recipe: Classify) -> dict[str, Any]:
        if len(measured) == 4:
            raise KeyboardInterrupt
        measured.append(recipe)
        return figures(0.8 + len(measured) / 100)

    monkeypatch.setattr(sentiment, "measured", measure)
    monkeypatch.setattr(sentiment, "language_model", lambda *_: tmp_path / "model")
    arguments: Any = ("reviews.tsv", TEXT, [None, 50], [0], (9, 8, 7), tmp_path / "results.jsonl")
    with pytest.raises(KeyboardInterrupt):
        sentiment.sentiment(*arguments)
    assert len((tmp_path / "results.jsonl").read_text().splitlines()) == 4
    monkeypatch.setattr(sentiment, "measured", lambda recipe: measured.append(recipe) or figures(0.7))
    report = sentiment.sentiment(*arguments)
    assert [row["accuracy"] for row in report["rows"]] == pytest.approx([0.81, 0.82, 0.83, 0.84, 0.7, 0.7])
    assert [(recipe.start_from is None, bool(recipe.evidence), recipe.steps) for recipe in measured] == [
        (True, True, 8),
        (False, True, 8),
        (False, False, 8),
        (True, True, 7),
        (False, True, 7),
        (False, False, 7),
    ]
    assert [recipe.labelled.per_class for recipe in measured] == [None] * 3 + [50] * 3
    assert sentiment.sentiment(*arguments) == report and len(measured) == 6
    assert "| all | 0 | from scratch | 81.0 | 70.0 to 90.0 | 80.0 | +1.0 | 0.01 | 0.04 |" in report["table"]
