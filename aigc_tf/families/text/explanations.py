"""Visualisations of a language model's attention and of its per-symbol loss."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

import numpy as np

from aigc_tf.modalities.fonts import all_fonts, drawable

# Nats at which the colour saturates: a probability of one in four hundred.
MAX_NATS = 6.0

_PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 16px/1.6 monospace; margin: 2em auto; max-width: 60em; color: #111; background: #fff; }}
p {{ white-space: pre-wrap; overflow-wrap: anywhere; }}
</style>
<h1>{title}</h1>
<p>{words}</p>
<p>{text}</p>
</html>
"""


def coloured_page(title: str, words: str, pieces: Sequence[tuple[str, str, str]]) -> str:
    """An HTML page of a coloured text.

    Args:
        title: of the page.
        words: explanation of the colours.
        pieces: for each symbol its text, its background as red, green and blue, "255, 255, 76", and its tooltip.
    """
    spans = (
        f'<span style="background: rgb({colour})" title="{html.escape(tip)}">{html.escape(piece)}</span>'
        for piece, colour, tip in pieces
    )
    return _PAGE.format(title=html.escape(title), words=html.escape(words), text="".join(spans))


def surprise_page(title: str, pieces: Sequence[str], nats: np.ndarray) -> str:
    """An HTML page of a text with each symbol coloured by its loss.

    Args:
        title: of the page.
        pieces: the text of each symbol.
        nats: -log p of each.
    """
    shown = []
    for piece, value in zip(pieces, nats, strict=True):
        share = min(value / MAX_NATS, 1.0)
        shade = round(255 * (1 - 0.7 * share))
        text = piece.replace("\n", "\u21b5\n") or "\u220e"
        shown.append((text, f"255, {shade}, {shade}", f"{value:.2f} nats, p = {math.exp(-value):.3g}"))
    mean = float(np.mean(nats))
    words = (
        f"Mean {mean:.3f} nats per token, perplexity {math.exp(min(mean, 700.0)):.2f}. The redder a token, the less "
        "the model expected it; point at one for its probability."
    )
    return coloured_page(title, words, shown)


def attention_picture(weights: Sequence[np.ndarray], pieces: Sequence[str] | None = None) -> np.ndarray:
    """Attention maps of each head: uint8 `[height, width, 3]`, with a row for each block.

    Args:
        weights: for each block `[heads, time, time]`; row t holds the attention of position t.
        pieces: the text of each position, as axis labels if there are at most 40.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    heads = len(weights[0])
    labels = []
    if pieces is not None and len(pieces) <= 40:
        labels = [drawable(piece.replace("\n", "\u21b5")) for piece in pieces]
    side = max(2.0, 0.12 * len(labels))
    figure = Figure(figsize=(side * heads, side * len(weights)), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots(len(weights), heads, squeeze=False)
    for block, maps in enumerate(weights):
        for head, values in enumerate(maps):
            panel = axes[block, head]
            panel.imshow(values, cmap="viridis", vmin=0)
            panel.set_title(f"block {block + 1}\nhead {head + 1}", fontsize=14)
            with all_fonts():
                panel.set_yticks(range(len(labels)), labels, fontsize=7, parse_math=False)
                panel.set_xticks(range(len(labels)), labels, fontsize=7, rotation=90, parse_math=False)
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3]
