"""Benchmarks measure at their checkpoints and resume."""

from __future__ import annotations

from pathlib import Path

import pytest

from aigc_tf.engine.keeping import Quality
from aigc_tf.recipes.vae import VAE
from tools.benchmarks.readings import Results, Stopwatch, watch_loop, watch_recipe


def test_marks_are_seconds_of_training_after_the_first_step():
    now = [0.0]
    found: list[tuple[float, int]] = []

    def step(batch: float) -> None:
        now[0] += batch

    def measure(mark: float, steps: int) -> None:
        found.append((mark, steps))
        now[0] += 1000  # measurement time does not count

    # The first step is slow: it compiles.
    watch_loop(step, iter([50.0, 1.0, 1.0, 5.0, 1.0]), Stopwatch([6.5, 2.0], measure, lambda: now[0]))
    assert found == [(2.0, 3), (6.5, 4)]


def test_a_recipe_is_measured_at_the_marks_alone(monkeypatch: pytest.MonkeyPatch):
    """Not at the end: for few pictures, that could train another feature network for minutes."""
    found: list[tuple[float, int]] = []
    monkeypatch.setattr(Quality, "figure", lambda self: pytest.fail("measured at the end"))
    counted = iter(range(1000))
    watch_recipe(
        VAE.tiny(),
        [1, 2],
        lambda model: lambda mark, steps: found.append((mark, steps)),
        clock=lambda: float(next(counted)),
    )
    assert found == [(1, 2), (2, 3)]


def test_finished_rows_are_found_again(tmp_path: Path):
    path = tmp_path / "new" / "results.jsonl"
    first = Results(path)
    first.add(side="a", seed=0, value=1.5)
    first.add(side="b", seed=0, value=2.5)
    again = Results(path)
    assert again.find(side="a") == [{"side": "a", "seed": 0, "value": 1.5}]
    assert again.find(seed=0, side="c") == []
    again.add(side="c", seed=0)
    assert len(Results(path).rows) == 3
