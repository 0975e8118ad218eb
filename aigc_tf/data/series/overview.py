"""Statistics of time series: ranges, constant stretches, jumps, constant or equal columns."""

from __future__ import annotations

import numpy as np

from aigc_tf.data.overview import Counts, Overview, Shown, far_out
from aigc_tf.data.series.source import SeriesSource
from aigc_tf.errors import printable

EXAMPLES = 4  # number of windows to show
_DEVIATIONS = 10.0  # robust standard deviations above the median at which a step is a jump
_NAMED = 5


def overview(source: SeriesSource) -> Overview:
    """Describe a source of series."""
    values, names = source.train, [printable(name) for name in source.scaling.names]
    facts = {
        "window": f"{source.window:,} time steps, {source.count:,} overlapping windows to train on",
        "copies": f"{equal_windows(values, source.window):,} windows are equal to an earlier one",
    }
    jumps = []
    for name, column in zip(names, values.T, strict=True):
        steps = far_out(np.abs(np.diff(column)), _DEVIATIONS)
        jumps.append(len(steps))
        facts[name] = (
            f"from {column.min():.6g} to {column.max():.6g}, mean {column.mean():.6g}, deviation {column.std():.6g}; "
            f"constant for at most {longest_rest(column):,} steps"
        )
        if len(steps):
            where = ", ".join(f"{step + 1:,}" for step in steps[:_NAMED]) + (", ..." if len(steps) > _NAMED else "")
            facts[name] += f"; outliers: {len(steps):,} jumps, the largest at step {where}"
    for first, second in equal_columns(values):
        facts[f"{names[second]} again"] = f"the same values as {names[first]}"
    return Overview(
        facts,
        {"jumps": Counts(names, np.array(jumps))},
        {"all of the training time": Shown(values[np.newaxis]), "windows": Shown(source.inputs("train", EXAMPLES))},
    )


def longest_rest(column: np.ndarray) -> int:
    """The largest number of consecutive time steps with the same value."""
    changes = np.flatnonzero(np.diff(column))
    return int(np.diff([-1, *changes, len(column) - 1]).max())


def equal_windows(values: np.ndarray, length: int) -> int:
    """Number of windows of a length that are equal to an earlier one."""
    count = len(values) - length + 1
    return count - len({hash(values[start : start + length].tobytes()) for start in range(count)})


def equal_columns(values: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of series with the same values, the earlier one first."""
    seen: dict[bytes, int] = {}
    firsts = [seen.setdefault(column.tobytes(), place) for place, column in enumerate(values.T)]
    return [(first, place) for place, first in enumerate(firsts) if first != place]
