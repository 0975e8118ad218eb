"""Music models on their test pieces, and the real-time factor of an exported file."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aigc_tf.data.music.piece import STEPS_A_QUARTER
from aigc_tf.export.runner import Runner
from aigc_tf.runs.run import Run
from tools.benchmarks.tables import markdown

TEMPO = 100.0
"""Quarter notes per minute."""
_CALLS = 256  # timed steps


def music(runs: Sequence[Path]) -> dict[str, Any]:
    """Figures of `evaluate` for each run's last checkpoint, and the real-time factor of its `.tflite`, one thread."""
    rows = [measured(Run.open(path)) for path in runs]
    return {"runs": rows, "table": table(rows)}


def measured(run: Run) -> dict[str, Any]:
    """The figures of one run."""
    report = run.evaluate()
    figures = {name: value for name, value in report.items() if isinstance(value, float)}
    return {
        "run": str(run.path),
        "seed": run.recipe.seed,
        "step": run.step,
        "figures": figures,
        "baselines": report["baselines"],
        "real_time_factor": real_time_factor(run),
    }


def real_time_factor(run: Run) -> float:
    """Seconds of music that an exported file generates per second, cell by cell, on one thread."""
    with tempfile.TemporaryDirectory() as folder:
        file = run.export(out=Path(folder) / "out", measure=False, compare_with_keras=False).path
        runner = Runner(file)
        examples = run.model.signatures(run.source)["step"].examples(1, 0)
        milliseconds = runner.latency("step", examples, seconds=60.0, runs=_CALLS)["median_ms"]
    cells = len(run.model.gives.voices) * STEPS_A_QUARTER * TEMPO / 60  # per second of music
    return 1e3 / (milliseconds * cells)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """One row per figure: each run's value, mean and standard deviation, and the baselines."""
    head = ("figure", *(f"seed {row['seed']}" for row in rows), "mean", "deviation", "baselines")
    lines: list[tuple[Any, ...]] = []
    for name in rows[0]["figures"]:
        values = [row["figures"][name] for row in rows]
        beside = "; ".join(f"{method} {value:.4g}" for method, value in rows[0]["baselines"].get(name, {}).items())
        lines.append((name, *values, *_spread(values), beside))
    factors = [row["real_time_factor"] for row in rows]
    lines.append(("times real time, .tflite, one thread", *factors, *_spread(factors), ""))
    return markdown(head, lines)


def _spread(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and standard deviation (None for a single value)."""
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None
