"""Markdown tables of measured figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def markdown(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table; floats with four digits, None as an empty cell."""
    lines = [head, ["---"] * len(head), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def mean_and_error(values: Sequence[float]) -> str:
    """The mean, with its standard error for two or more values: "12.3 ± 0.4"."""
    if len(values) < 2:
        return f"{values[0]:.4g}"
    return f"{np.mean(values):.4g} ± {np.std(values, ddof=1) / len(values) ** 0.5:.2g}"
