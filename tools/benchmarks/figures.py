"""The figure of a recipe by which a benchmark compares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aigc_tf.errors import InputError, listed
from aigc_tf.recipes.base import Recipe
from aigc_tf.references import resolve


def compared(recipe: Recipe, report: Mapping[str, Any]) -> str:
    """The name of the figure: the one that chooses checkpoints if evaluators report it, or else their first.

    Args:
        recipe: of the model.
        report: what its evaluators say, as of `tools.benchmarks.readings.report_of`.
    """
    known = directed(report)
    chooser: str = resolve(recipe.chooses).name
    return chooser if chooser in known else next(iter(known))


def asked(row: Mapping[str, Any], figure: str | None) -> str:
    """The name of the figure that is asked for, or by default the one that a row was measured to be compared by.

    Args:
        row: of a benchmark, with `figures` by name, and `compared`, one of the names.
        figure: that is asked for.

    Raises:
        InputError: there is no such figure.
    """
    if figure not in (None, *row["figures"]):
        raise InputError(f"figure is {figure}: choose among {listed(list(row['figures']))}")
    return figure or str(row["compared"])


def directed(report: Mapping[str, Any]) -> dict[str, float]:
    """The figures of a report that are better when they are lower or higher."""
    return {name: report[name] for name, better in report["better"].items() if better != "neither"}
