"""Plots of time series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aigc_tf.modalities.fonts import all_fonts, drawable

DRAWN = 4  # number of series to draw, the first ones
BAND = 1.96  # standard deviations either way: 95 % of a normal distribution


def sequences_picture(sequences: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Sequences `[count, time, series]` as lines, in a panel for each series: uint8 `[height, width, 3]`."""
    figure, fields = _fields(names)
    for series, axes in enumerate(fields):
        axes.plot(sequences[..., series].T, linewidth=1)
    return _drawn(figure)


def pairs_picture(real: np.ndarray, rebuilt: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Sequences `[count, time, series]`, and dashed in the same colour their reconstructions.

    Returns:
        uint8 `[height, width, 3]`.
    """
    figure, fields = _fields(names)
    for series, axes in enumerate(fields):
        lines = axes.plot(real[..., series].T, linewidth=1)
        for line, again in zip(lines, rebuilt[..., series], strict=True):
            axes.plot(again, linewidth=1, linestyle="--", color=line.get_color())
    return _drawn(figure)


def forecast_picture(
    history: np.ndarray, future: np.ndarray, mean: np.ndarray, deviation: np.ndarray, names: Sequence[str]
) -> np.ndarray:
    """A forecast with history and true values, and a band that should contain 95 % of them.

    Args:
        history: `[time, series]`.
        future: `[steps, series]`, as far as known.
        mean: mean of the forecast, `[steps, series]`.
        deviation: its standard deviation.
        names: names of the series.

    Returns:
        uint8 `[height, width, 3]`.
    """
    figure, fields = _fields(names)
    ahead = np.arange(len(mean))
    for series, axes in enumerate(fields):
        low, high = (mean[:, series] + side * BAND * deviation[:, series] for side in (-1, 1))
        axes.fill_between(ahead, low, high, color="tab:orange", alpha=0.25, linewidth=0, label="95 % of the forecast")
        axes.plot(np.arange(-len(history), 0), history[:, series], color="tab:blue", linewidth=1, label="known")
        if len(future):
            axes.plot(ahead[: len(future)], future[:, series], color="black", linewidth=1, label="actual")
        axes.plot(ahead, mean[:, series], color="tab:orange", linewidth=1, label="mean forecast")
    figure.legend(*fields[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize="small")
    return _drawn(figure)


def histograms_picture(values: Mapping[str, np.ndarray], names: Sequence[str]) -> np.ndarray:
    """Densities of several sets of values `[count, properties]`, in a panel for each property with a line for each set.

    Returns:
        uint8 `[height, width, 3]`.
    """
    figure, fields = _fields(names, share_x=False)
    for column, axes in enumerate(fields):
        edges = np.histogram_bin_edges(np.concatenate([rows[:, column] for rows in values.values()]), bins=30)
        for name, rows in values.items():
            heights, _ = np.histogram(rows[:, column], edges)
            axes.stairs(heights / max(len(rows), 1), edges, label=name)
    figure.legend(*fields[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize="small")
    return _drawn(figure)


def lines_picture(at: Sequence[float], across: str, fields: Mapping[str, Mapping[str, np.ndarray]]) -> np.ndarray:
    """Named lines over a common x axis: uint8 `[height, width, 3]`.

    Args:
        at: the x values `[count]`.
        across: label of the x axis.
        fields: panels one below the other, by label of the y axis; in each the lines by name, `[count]` numbers.
    """
    figure, drawn = _fields(list(fields))
    for axes, lines in zip(drawn, fields.values(), strict=True):
        for name, values in lines.items():
            axes.plot(at, values, linewidth=1.5, marker=".", label=name)
    drawn[-1].set_xlabel(across)
    figure.legend(*drawn[0].get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize="small")
    return _drawn(figure)


def _fields(names: Sequence[str], share_x: bool = True) -> tuple[Any, list[Any]]:
    """A figure with a panel for each of the first series."""
    # Drawn without pyplot, which would load a GUI backend and keep every figure in memory.
    from matplotlib.figure import Figure

    shown = list(names)[:DRAWN]
    figure = Figure(figsize=(6, 1 + 2 * len(shown)), dpi=100, layout="constrained")
    fields = figure.subplots(len(shown), squeeze=False, sharex=share_x)[:, 0]
    with all_fonts():
        for name, axes in zip(shown, fields, strict=True):
            axes.set_ylabel(drawable(name), parse_math=False)
    if share_x:
        fields[-1].set_xlabel("time steps")
    return figure, list(fields)


def _drawn(figure: Any) -> np.ndarray:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3]
