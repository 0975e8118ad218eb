"""Generated molecules and levels, against a 6-gram of the same training designs and held-out ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aigc_tf.errors import InputError
from aigc_tf.metrics.evaluator import Request, evaluate
from aigc_tf.metrics.text.designs import DesignSamples
from aigc_tf.references import resolve
from aigc_tf.runs.run import Run
from tools.benchmarks.tables import markdown


def molecules(runs: Sequence[Path], samples: int, seed: int) -> list[dict[str, Any]]:
    """Figures on the test part, one row per run and method.

    Raises:
        InputError: a run is of another model.
    """
    rows = []
    for path in runs:
        run = Run.open(path, "best")
        kinds = [kind for kind in map(resolve, run.recipe.evaluators) if issubclass(kind, DesignSamples)]
        if not kinds:
            raise InputError(f"{path} is a run of {run.recipe.slug()}: give runs of molecules or levels")
        request = Request(part="test", samples=samples, seed=seed)
        report = evaluate([kind() for kind in kinds], run.model, run.source, run.recipe, request)
        figures = {name: value for name, value in report.items() if isinstance(value, float)}
        rows.append({"run": path.name, "method": run.recipe.slug(), "step": run.step, **figures})
        methods = dict.fromkeys(method for beside in report["baselines"].values() for method in beside)
        for method in methods:
            beside = {name: found[method] for name, found in report["baselines"].items() if method in found}
            rows.append({"run": path.name, "method": method, **beside})
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a Markdown table, one column per figure."""
    columns = [*dict.fromkeys(name for row in rows for name in row)]
    return markdown(columns, [[row.get(name) for name in columns] for row in rows])
