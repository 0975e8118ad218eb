"""The figure that a benchmark compares, by recipe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aigc_tf.errors import InputError, listed
from aigc_tf.recipes.base import Recipe
from aigc_tf.references import resolve


def compared(recipe: Recipe, report: Mapping[str, Any]) -> str:
    """Name of the figure: the one that selects checkpoints if evaluators report it, or else their first.

    Args:
        recipe: the model's recipe.
        report: report of its evaluators, from `tools.benchmarks.readings.report_of`.
    """
    known = directed(report)
    chooser: str = resolve(recipe.chooses).name
    return chooser if chooser in known else next(iter(known))


def asked(row: Mapping[str, Any], figure: str | None) -> str:
    """Name of the requested figure; by default the row's own `compared`.

    Args:
        row: a benchmark's row, with `figures` by name, and `compared`, one of the names.
        figure: the requested figure.

    Raises:
        InputError: there is no such figure.
    """
    if figure not in (None, *row["figures"]):
        raise InputError(f"figure is {figure}: choose among {listed(list(row['figures']))}")
    return figure or str(row["compared"])


def directed(report: Mapping[str, Any]) -> dict[str, float]:
    """The figures of a report that have a better direction, lower or higher."""
    return {name: report[name] for name, better in report["better"].items() if better != "neither"}
