"""The flow benchmark trains only missing results, and reports only its own runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc_tf.errors import InputError
from tools.benchmarks import flows
from tools.benchmarks.gans import SHARES

SECONDS = 10.0


def measured(name: str, seed: int, evaluations: list[int], distance: float) -> dict[str, Any]:
    readings = [
        {"seconds": share * SECONDS, "steps": 9, "frechet_distance": distance / (count or 1)}
        | ({"evaluations": count} if count else {})
        for share in SHARES
        for count in evaluations or [None]
    ]
    return {"shape": [28, 28, 1], "images": 16, "peak_bytes": 10**9, "readings": readings}


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Training runs: recipe, and whether CPU time was counted."""
    found: list[tuple[str, bool]] = []

    def train(
        name: str,
        seed: int,
        source: str,
        samples: int,
        marks: list[float],
        counted: bool,
        evaluations: list[int],
    ) -> dict[str, Any]:
        found.append((name, counted))
        return measured(name, seed, evaluations, 40.0 if counted else 20.0)

    monkeypatch.setattr(flows, "in_a_process_of_its_own", train)
    return found


def test_rows_are_of_what_was_asked_alone(trained: list[tuple[str, bool]], tmp_path: Path):
    results = tmp_path / "flow.jsonl"
    names = ["flow", "dcgan"]
    for processor_time in (True, False, True):
        rows = flows.flows([SECONDS], [10, 20], names, [0], 50, "shipped", results, processor_time)
        of_flow = 4.0 if processor_time else 2.0
        assert [(row["recipe"], row["evaluations"], row["frechet_distance"]) for row in rows] == [
            ("flow", 10, of_flow),
            ("flow", 20, of_flow / 2),
            ("dcgan", 1, 10 * of_flow),
        ]
        assert all(row["seeds"] == 1 for row in rows)
    assert trained == [(name, counted) for counted in (True, False) for name in names]


def test_other_recipes_are_refused(trained: list[tuple[str, bool]], tmp_path: Path):
    with pytest.raises(InputError, match="there is no flow or GAN gpt"):
        flows.flows([SECONDS], [10], ["gpt"], [0], 50, "shipped", tmp_path / "flow.jsonl")
    assert not trained
