"""Lines of the test part that stand in the training part, too."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

MIN_CHARACTERS = 40  # of a line in running text: shorter ones repeat themselves by chance


class Repeats:
    """Counts them while parts are read, first the test part; two lines are the same but for case and white space.

    Args:
        lines: whether each text is a line of its own; otherwise lines of at least 40 characters are looked at.
    """

    def __init__(self, lines: bool) -> None:
        self._lines = lines
        self._tested: list[np.ndarray] = []

    def look(self, texts: Sequence[str], part: str) -> None:
        """Read some of the part "test" or "train"."""
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
        """The hashes of lines of the test part, how often each comes, and whether the training part has it."""
        known, counts = np.unique(np.concatenate([np.zeros(0, np.int64), *self._tested]), return_counts=True)
        return known, counts, np.zeros(len(known), bool)

    @property
    def looked_at(self) -> int:
        """Lines of the test part."""
        return int(self._known[1].sum())

    @property
    def found(self) -> int:
        """Those that stand in the training part, too."""
        _, counts, repeated = self._known
        return int(counts[repeated].sum())
