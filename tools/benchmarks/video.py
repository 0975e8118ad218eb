"""Video models on their test windows against baselines, and the real-time factor of the exported file."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aigc_tf.data.video.clip import RATE
from aigc_tf.errors import InputError
from aigc_tf.export.runner import Runner
from aigc_tf.recipes.video import VideoRecipe
from aigc_tf.runs.run import Run
from tools.benchmarks.tables import markdown

_CALLS = 100  # timed calls


def video(runs: Sequence[Path], samples: int) -> list[dict[str, Any]]:
    """Figures of `evaluate` for each run's best checkpoint, one row per method, and the file's speed.

    Raises:
        InputError: a run is of another model.
    """
    rows: list[dict[str, Any]] = []
    for path in runs:
        run = Run.open(path, "best")
        if not isinstance(run.recipe, VideoRecipe):
            raise InputError(f"{path} is a run of {run.recipe.slug()}: give runs of predict_video or complete_video")
        report = run.evaluate(samples)
        figures = {name: value for name, value in report.items() if isinstance(value, float)}
        milliseconds = step_milliseconds(run)
        # Each call predicts one frame, or all frames of a gap.
        made = getattr(run.recipe, "gap", 1)
        speed = {
            "ms per call": milliseconds,
            "times real time": 1e3 * made / milliseconds / (run.recipe.video.rate or RATE),
        }
        rows.append({"run": path.name, "method": run.recipe.slug(), **figures, **speed})
        for method in report["baselines"]["psnr_db"]:
            beside = {name: found[method] for name, found in report["baselines"].items()}
            rows.append({"run": path.name, "method": method, **beside})
    return rows


def step_milliseconds(run: Run) -> float:
    """Median time of a call of the exported file for one crop, on one thread."""
    with tempfile.TemporaryDirectory() as folder:
        file = run.export(out=Path(folder) / "out", measure=False, compare_with_keras=False).path
        ((name, signature),) = run.model.signatures(run.source).items()
        found = Runner(file).latency(name, signature.examples(1, 0), seconds=30.0, runs=_CALLS)
    return float(found["median_ms"])


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a Markdown table, one column per figure."""
    columns = [*dict.fromkeys(name for row in rows for name in row)]
    return markdown(columns, [[row.get(name) for name in columns] for row in rows])
