"""Text prompts for image generation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from aigc_tf.data.captioned.captions import Captions
from aigc_tf.data.source import evenly
from aigc_tf.modalities.text import Text


class Prompts(Text):
    """Tokenized captions, int32 `[length]`, given as words by commands and programs."""

    name = "prompts"

    def __init__(self, captions: Captions) -> None:
        self.captions = captions

    def parse(self, words: Sequence[str]) -> np.ndarray:
        """Tokenize prompts: int32 `[count, length]`.

        Raises:
            InputError: one has no known word, or is not Unicode.
        """
        texts = super().parse(words)
        for text in texts:
            self.captions.refuse_unknown(text)
        return self.captions.numbers(texts)

    def rows(self, given: Any) -> Any:
        """One text or several, or their token ids."""
        if isinstance(given, np.ndarray) and given.dtype.kind == "i":
            return given.reshape(-1, self.captions.length)
        return self.parse([given] if isinstance(given, str) else list(given))

    def stack(self, values: Sequence[Any]) -> Any:
        """int32 `[count, length]`."""
        return np.stack(values)

    def spread(self, count: int) -> np.ndarray:
        """Training captions, evenly spread: int32 `[count, length]`."""
        known = self.captions.known
        rows = evenly(len(known), count) if count <= len(known) else np.arange(count) % len(known)
        return self.captions.numbers([known[row] for row in rows])
