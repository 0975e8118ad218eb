"""Attention and copy probabilities of a text-to-text model, as a picture and as an HTML page."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from aigc_tf.data.text.vocabulary import BOUNDARY
from aigc_tf.families.text.seq2seq.search import Writer
from aigc_tf.modalities.fonts import all_fonts, drawable

if TYPE_CHECKING:
    from aigc_tf.families.text.seq2seq.model import Seq2Seq

END = "\u220e"  # displayed for the end of a text

_PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 18px/1.7 sans-serif; margin: 2em auto; max-width: 50em; color: #111; background: #fff; }}
p {{ white-space: pre-wrap; overflow-wrap: anywhere; }}
.copied {{ text-decoration: underline 2px; }}
#target span {{ cursor: default; }}
#target span:hover, #target span:focus {{ outline: 2px solid #06c; }}
</style>
<h1>{title}</h1>
<p>Point at a part of the output: the darker a part of the source, the more attention the model paid to it.{copies}</p>
<h2>Output</h2>
<p id="target">{target}</p>
<h2>Source</h2>
<p id="source">{source}</p>
<script>
const weights = {weights};
const source = document.querySelectorAll("#source span");
document.querySelectorAll("#target span").forEach((part, row) => {{
  const show = () => source.forEach((other, place) => {{
    other.style.background = `rgba(255, 140, 0, ${{Math.sqrt(weights[row][place])}})`;
    other.title = weights[row][place].toFixed(2);
  }});
  part.addEventListener("mouseenter", show);
  part.addEventListener("focus", show);
}});
</script>
</html>
"""


class Alignment(NamedTuple):
    """Attention for a generated text, symbol by symbol, including the end."""

    source: list[str]
    """The text of each source symbol."""
    target: list[str]
    """The text of each generated symbol."""
    attention: np.ndarray
    """Attention weights for each generated symbol, `[target, source]`; each row sums to 1."""
    written: np.ndarray
    """The probability that it is generated, not copied, `[target]`; 1 without a copy head."""


def align(model: Seq2Seq, source: str, written: str) -> Alignment:
    """The attention of a model over a source for a given target text.

    Args:
        model: the text-to-text model.
        source: truncated to the maximum length.
        written: the target text.
    """
    rows = model.sources([source])
    read = rows[0][rows[0] >= 0].tolist()
    (numbers,) = model.vocabularies.targets([written])
    writer = Writer(model.networks, rows)
    attention, gates = [], []
    for symbol in (BOUNDARY, *numbers[: model.recipe.pairs.target_length]):
        writer.read(np.array([symbol]))
        attention.append(writer.attention[0, : len(read)])
        gates.append(writer.written[0])
    symbols = model.vocabularies
    return Alignment(
        [symbols.source.decode([number]) or END for number in read],
        [*(symbols.target.decode([number]) for number in numbers[: len(gates) - 1]), END],
        np.stack(attention),
        np.array(gates),
    )


def alignment_page(title: str, found: Alignment, copies: bool) -> str:
    """An HTML page: hovering over a generated symbol shows its attention over the source.

    Args:
        title: of the page.
        found: from `align`.
        copies: whether there is a copy head; symbols more likely copied than generated are underlined.
    """
    target = []
    for piece, share in zip(found.target, found.written, strict=True):
        kind = ' class="copied"' if copies and share < 0.5 else ""
        tip = f' title="copied with probability {1 - share:.2f}"' if copies else ""
        target.append(f'<span tabindex="0"{kind}{tip}>{html.escape(piece)}</span>')
    source = "".join(f"<span>{html.escape(piece)}</span>" for piece in found.source)
    return _PAGE.format(
        title=html.escape(title),
        copies=" Underlined parts were copied rather than generated." if copies else "",
        target="".join(target),
        source=source,
        weights=json.dumps(np.round(found.attention.astype(float), 4).tolist()),
    )


def alignment_picture(found: Alignment, copies: bool) -> np.ndarray:
    """The attention as a picture, uint8 `[height, width, 3]`: with a row for each generated symbol.

    Args:
        found: from `align`.
        copies: whether to show next to each row the probability that its symbol is copied.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    height, width = found.attention.shape
    figure = Figure(figsize=(2 + 0.16 * width, 1.5 + 0.2 * height), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.subplots(1, 2, width_ratios=(width, 1), squeeze=False)[0] if copies else [figure.subplots()]
    axes[0].imshow(found.attention, cmap="viridis", vmin=0, vmax=1, aspect="auto")
    with all_fonts():
        axes[0].set_yticks(range(height), _labels(found.target), fontsize=8, parse_math=False)
        axes[0].set_xticks(range(width), _labels(found.source), fontsize=8, rotation=90, parse_math=False)
    if copies:
        axes[1].imshow(1 - found.written[:, None], cmap="viridis", vmin=0, vmax=1, aspect="auto")
        axes[1].set_xticks([0], ["copied"], fontsize=8, rotation=90)
        axes[1].set_yticks([])
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3]


def _labels(pieces: Sequence[str]) -> list[str]:
    return [drawable(piece.replace("\n", "\u21b5")) for piece in pieces]
