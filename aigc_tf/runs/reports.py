"""How the figures of an evaluation are read: which way is better, and what simpler methods reach."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np


class Row(NamedTuple):
    """One figure, in words."""

    name: str
    value: str
    better: str
    """"lower", "higher", or empty for what has to be read beside others."""
    baselines: str
    """`"pca 12.1, copy 9.8"`; empty without any."""


def rows_of_report(report: dict[str, Any]) -> Iterator[Row]:
    """The figures of `Run.evaluate`, in their order; those of reports of version 0.1, which are numbers alone, too."""
    better, baselines = report.get("better", {}), report.get("baselines", {})
    for name, value in report.items():
        if not isinstance(value, float):
            continue
        beside = ", ".join(f"{method} {figure:.4g}" for method, figure in baselines.get(name, {}).items())
        direction = better.get(name, "")
        yield Row(name, f"{value:.4g}", "" if direction == "neither" else direction, beside)


def to_json(report: dict[str, Any]) -> str:
    """A report as one line of JSON; NumPy's numbers become Python's."""
    return json.dumps(report, default=lambda value: value.item() if isinstance(value, np.generic) else str(value))
