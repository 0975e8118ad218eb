"""Pages that show what a classifier's answer comes from."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np

_PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ font: 16px/1.6 monospace; margin: 2em auto; max-width: 60em; color: #111; background: #fff; }}
p {{ white-space: pre-wrap; overflow-wrap: anywhere; }}
</style>
<h1>{title}</h1>
<p>{answer}, by {method}. Green speaks for it, red against it, the stronger the colour the more; point at a symbol for
its number.</p>
<p>{text}</p>
</html>
"""


def relevance_page(title: str, answer: str, method: str, pieces: Sequence[str], values: np.ndarray) -> str:
    """An HTML page of a text, each symbol coloured by its share in the answer.

    Args:
        title: of the page.
        answer: that is explained.
        method: that found the values.
        pieces: the text of each symbol.
        values: of each, positive for the answer.
    """
    largest = max(float(np.abs(values).max(initial=0)), 1e-9)
    spans = []
    for piece, value in zip(pieces, values, strict=True):
        pale = round(255 * (1 - 0.7 * abs(float(value)) / largest))
        colour = f"{pale}, 255, {pale}" if value >= 0 else f"255, {pale}, {pale}"
        spans.append(f'<span style="background: rgb({colour})" title="{value:.3g}">{html.escape(piece)}</span>')
    return _PAGE.format(title=html.escape(title), answer=html.escape(answer), method=method, text="".join(spans))
