"""HTML pages of a classifier's attributions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aigc_tf.families.text.explanations import coloured_page


def relevance_page(title: str, answer: str, method: str, pieces: Sequence[str], values: np.ndarray) -> str:
    """An HTML page of a text with each symbol coloured by its attribution.

    Args:
        title: of the page.
        answer: the prediction that is explained.
        method: attribution method.
        pieces: the text of each symbol.
        values: attributions, positive in favour of the answer.
    """
    largest = max(float(np.abs(values).max(initial=0)), 1e-9)
    shown = []
    for piece, value in zip(pieces, values.tolist(), strict=True):
        pale = round(255 * (1 - 0.7 * abs(value) / largest))
        shown.append((piece, f"{pale}, 255, {pale}" if value >= 0 else f"255, {pale}, {pale}", f"{value:.3g}"))
    words = (
        f"{answer}, by {method}. Green is evidence for it, red against it, the stronger the colour the more; point at "
        "a token for its number."
    )
    return coloured_page(title, words, shown)
