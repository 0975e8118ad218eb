"""Splitting of texts that exceed the maximum source length."""

from __future__ import annotations

import re
from collections.abc import Callable

# Where a text may be split, best first: after a sentence, after a clause, after a word, anywhere.
_PLACES = (r"(?<=[.!?。！？;；\n])\s*", r"(?<=[,:，、：])\s*", r"\s+", r"")


def windows(text: str, fits: Callable[[str], bool]) -> list[str]:
    """The parts of a text, each as long as fits, split after sentences if possible; none for an empty text."""
    text = text.strip()
    if not text or fits(text):
        return [text] if text else []
    for place in _PLACES:
        pieces = [piece for piece in re.split(f"({place})", text) if piece] if place else list(text)
        if len(pieces) > 1 and any(fits(piece) for piece in pieces):
            break
    found: list[str] = []
    kept = ""
    for piece in pieces:
        if kept and not fits(kept + piece):
            found.append(kept)
            kept = ""
        kept += piece
        if kept.strip() and not fits(kept):  # split a long part at worse places; a single letter stays whole
            *whole, kept = windows(kept, fits) if len(kept.strip()) > 1 else [kept]
            found += whole
    return [part.strip() for part in (*found, kept) if part.strip()]
