"""Counts lines of the test part that also occur in the training part."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

MIN_CHARACTERS = 40  # minimum length of a line in running text: shorter ones repeat by chance


class Repeats:
    """Counts repeated lines while parts are read, the test part first; case and white space are ignored.

    Args:
        lines: whether each text is a single line; otherwise lines of at least 40 characters are compared.
    """

    def __init__(self, lines: bool) -> None:
        self._lines = lines
        self._tested: list[np.ndarray] = []

    def look(self, texts: Sequence[str], part: str) -> None:
        """Process some texts of the part "test" or "train"."""
        if not self._lines:
            texts = [line for text in texts for line in text.split("\n") if len(line) >= MIN_CHARACTERS]
        hashes = np.array([hash(" ".join(line.casefold().split())) for line in texts], np.int64)
        if part == "test":
            self._tested.append(hashes)
            return
        known, _, repeated = self._known
        if len(known):
            places = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
            repeated[places[known[places] == hashes]] = True

    @cached_property
    def _known(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Hashes of lines in the test part, their counts, and whether the training part has them."""
        known, counts = np.unique(np.concatenate([np.zeros(0, np.int64), *self._tested]), return_counts=True)
        return known, counts, np.zeros(len(known), bool)

    @property
    def looked_at(self) -> int:
        """Number of lines in the test part."""
        return int(self._known[1].sum())

    @property
    def found(self) -> int:
        """Number of those that also occur in the training part."""
        _, counts, repeated = self._known
        return int(counts[repeated].sum())
