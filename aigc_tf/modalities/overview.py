"""An overview image of a source before training: examples, and the number of examples of each class."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np

from aigc_tf.data.overview import Counts
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.fonts import all_fonts, drawable

_WIDTH, _MAX_HEIGHT = 10.0, 7.0  # inches, of the image and of one of its panels
_DPI, _MAX_SCALE = 100, 3
_LINES, _LETTERS = 24, 110  # maximum lines and characters of text
_BARS = 40


def overview_picture(previews: Mapping[str, Preview], counts: Mapping[str, Counts]) -> np.ndarray:
    """Draw panels one below the other, each with its title: uint8 `[height, width, 3]`.

    Args:
        previews: images or text.
        counts: drawn as bar charts, the first 40 bars each.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    heights = [_height(preview) for preview in previews.values()] + [2.5] * len(counts)
    figure = Figure(figsize=(_WIDTH, sum(heights) + 0.5 * len(heights)), dpi=_DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    fields = figure.subplots(len(heights), squeeze=False, height_ratios=heights)[:, 0]
    with all_fonts():
        for axes, (title, preview) in zip(fields, previews.items(), strict=False):
            axes.set_title(drawable(title), loc="left", parse_math=False)
            axes.set_axis_off()
            _draw(axes, preview)
        for axes, (title, counted) in zip(fields[len(previews) :], counts.items(), strict=True):
            axes.set_title(drawable(title), loc="left", parse_math=False)
            names = [drawable(name[:20]) for name in counted.names[:_BARS]]
            axes.bar(range(len(names)), counted.numbers[: len(names)])
            turned = {"rotation": 45, "ha": "right"} if max(map(len, names), default=0) > 2 else {}
            axes.set_xticks(range(len(names)), names, parse_math=False, **turned)
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3]


def _height(preview: Preview) -> float:
    """Height of a preview in inches."""
    if isinstance(preview, str):
        return 0.3 + 0.17 * len(_lines(preview))
    height, width = preview.shape[:2]
    return min(_WIDTH * height / width, _MAX_SCALE * height / _DPI, _MAX_HEIGHT)


def _lines(text: str) -> list[str]:
    lines = [part for line in text.splitlines() for part in textwrap.wrap(drawable(line), _LETTERS) or [""]]
    return lines[:_LINES]


def _draw(axes: Any, preview: Preview) -> None:
    if isinstance(preview, str):
        text = "\n".join(_lines(preview))
        drawn = axes.text(0, 1, text, va="top", transform=axes.transAxes, fontsize=9, parse_math=False)
        drawn.set_in_layout(False)  # wide letters are clipped at the border instead of changing the layout
    else:
        axes.set_anchor("W")
        axes.imshow(np.broadcast_to(preview, (*preview.shape[:2], 3)), interpolation="nearest")
