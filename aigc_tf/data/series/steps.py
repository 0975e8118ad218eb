"""Checks that sorted rows are evenly spaced in time: gaps are reported, refused or interpolated."""

from __future__ import annotations

import numpy as np

from aigc_tf.data.series.clock import Clock, in_order
from aigc_tf.data.series.numbers import quoted
from aigc_tf.data.series.sheet import Sheet
from aigc_tf.data.series.times import coordinates, step_in_words
from aigc_tf.errors import InputError, printable

_ON_A_STEP = 1e-6  # tolerance, as a share of a step


def even_steps(
    values: np.ndarray, names: tuple[str, ...], clock: Clock | None, sheet: Sheet, missing: str
) -> tuple[np.ndarray, list[str]]:
    """Series sorted by time, and notes on what was found and done.

    Args:
        values: float64 `[rows, series]`; NaN, which only occurs if it is to be interpolated, is a gap.
        names: names of the series.
        clock: times of the rows; None keeps the order of the file.
        sheet: the table they were read from.
        missing: treatment of steps that differ from the median: "auto" treats them as even, "refuse" raises an error,
            and "interpolate" fills them, and gaps, linearly.

    Raises:
        InputError: a time is repeated, steps are refused, or there is nothing to interpolate from.
    """
    facts = ["rows in the order of the file"] if clock is None else []
    at = np.arange(len(values), dtype=np.float64)  # in steps
    if clock is not None and len(values) > 1:
        order, done = in_order(clock, sheet)
        values = values[order]
        at, step = _in_steps(clock.times[order])
        facts = [f"time in {clock.name} from {clock.cells[order[0]]} to {clock.cells[order[-1]]}", f"steps of {step}"]
        facts += [done] if done else []
        uneven = np.flatnonzero(np.abs(np.diff(at) - 1) > _ON_A_STEP)
        if len(uneven) and missing == "refuse":
            one, other = (quoted(clock.cells[order[row]]) for row in (uneven[0], uneven[0] + 1))
            raise InputError(
                f"{sheet.what}: {clock.name} goes from {one} to {other}, and most steps are {step}: add the rows "
                "between, or say --series.missing interpolate"
            )
        if len(uneven) and missing == "auto":
            facts.append(
                f"{len(uneven):,} of {len(at) - 1:,} steps of another length, counted as even "
                "(--series.missing interpolate fills them)"
            )
    if missing != "interpolate":
        return values, facts
    filled, fact = _interpolated(values, names, at, sheet.what)
    return filled, [*facts, *fact]


def _in_steps(times: np.ndarray) -> tuple[np.ndarray, str]:
    """Rising times in steps since the first one, float64 `[rows]`, and the step, which is the median, in words.

    Nearly whole numbers are rounded.
    """
    since, unit = coordinates(times)
    step = float(np.percentile(np.diff(since), 50, method="lower"))
    at = (since - since[0]) / step
    return np.where(np.abs(at - np.round(at)) < _ON_A_STEP, np.round(at), at), step_in_words(step, unit)


def _interpolated(
    values: np.ndarray, names: tuple[str, ...], at: np.ndarray, what: str
) -> tuple[np.ndarray, list[str]]:
    """Values interpolated at each whole step, `[steps, series]`."""
    steps = np.arange(int(at[-1]) + 1, dtype=np.float64)
    if len(steps) > 2 * len(at):
        raise InputError(f"{what} has {len(at):,} rows in {len(steps):,} time steps: too few to interpolate between")
    known = ~np.isnan(values)
    for series, name in enumerate(names):
        if not known[[0, -1], series].all():
            end = "first" if not known[0, series] else "last"
            raise InputError(
                f"{what}: column {printable(name)} has no number in the {end} row, and nothing to interpolate from: "
                "delete such rows, or name other columns with series.columns"
            )
    columns = [np.interp(steps, at[there], column[there]) for there, column in zip(known.T, values.T, strict=True)]
    rows, gaps = len(steps) - int(np.isin(steps, at).sum()), int((~known).sum())
    facts = [f"{rows:,} steps interpolated"] if rows else []
    return np.stack(columns, axis=1), [*facts, *([f"{gaps:,} gaps interpolated"] if gaps else [])]
