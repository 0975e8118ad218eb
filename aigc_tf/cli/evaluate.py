"""Evaluate the quality of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from aigc_tf.cli.checks import require_counts, require_seed
from aigc_tf.cli.options import chosen_options, run_command


def evaluate(
    run: Annotated[Path, tyro.conf.Positional],
    samples: int = 10_000,
    seed: int = 0,
    checkpoint: Literal["last", "best"] = "last",
    json: bool = False,
    **options: Any,
) -> None:
    """Evaluate the quality of a run.

    Args:
        run: The run's folder.
        samples: Number of examples to generate, or of held-out examples to use.
        seed: Random seed of the samples.
        checkpoint: The last checkpoint, or the best one seen while training.
        json: Print one JSON object instead of a table.
        options: What the recipe's `evaluate_options` has.
    """
    require_counts(samples=samples)
    require_seed(seed)

    from aigc_tf.runs.reports import to_json
    from aigc_tf.runs.run import Run

    opened = Run.open(run, checkpoint)
    report = opened.evaluate(samples, seed, **chosen_options(opened.recipe, "evaluate_options", options))
    print(to_json(report) if json else table(report))


def table(report: dict[str, Any]) -> str:
    """The figures, with their direction and baselines, then the protocol, one per line."""
    from aigc_tf.runs.reports import rows_of_report, tables_of_report

    head = ("measure", "value", "better", "baselines")
    figures = aligned([head, *((row.name.replace("_", " "), *row[1:]) for row in rows_of_report(report))])
    for found in tables_of_report(report):
        figures += ["", found.caption, *aligned([found.head, *found.rows]), ""]
    protocol = [f"  {key.replace('_', ' '):<32} {value}" for key, value in report["protocol"].items()]
    return "\n".join([*figures, "measured with", *protocol])


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of cells in aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    run_command(evaluate, "evaluate_options", arguments)
