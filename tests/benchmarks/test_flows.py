"""The flow benchmark trains only missing results, and reports only its own runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aigc_tf.errors import InputError
from tests.interpreters import interpreter
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


# Says that a step takes a second, and generates the images it was given.
PROGRAM = """
import json, sys
import numpy as np
steps = 0
for line in sys.stdin:
    request, answer = json.loads(line), {}
    if "archive" in request:
        images = np.load(request["archive"])["images"]
        answer = {"torch": "fake", "weights": 1, "images": 16}
    elif "clock" in request:
        answer = {"seconds": float(steps), "peak_bytes": 10**9}
    elif "steps" in request:
        steps += request["steps"]
    else:
        np.save(request["to"], images[: request["generate"]])
    print(json.dumps(answer), flush=True)
"""


def test_a_pytorch_package_is_trained_by_its_own_clock_and_measured_alike(tmp_path: Path):
    results = tmp_path / "flow.jsonl"
    torch = interpreter(tmp_path, PROGRAM)
    (row,) = flows.flows([SECONDS], [10], [], [0], 500, "fashion_mnist_10k", results, torch=torch)
    assert (row["recipe"], row["evaluations"], row["images_per_second"]) == (
        flows.PYTORCH,
        20,
        18,
    )  # 11 steps of 16 in 10 s
    assert row["frechet_distance"] < 1  # real images
    assert flows.flows([SECONDS], [10], [], [0], 500, "fashion_mnist_10k", results, torch=torch) == [row]
