"""Poisson sampling of lines of text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.images.source import ALL
from aigc_tf.data.text import opening as text
from aigc_tf.data.text.source import TextSource, padded
from aigc_tf.privacy.accounting import Guarantee
from aigc_tf.privacy.poisson import parts, poisson_batches, promised


@dataclass(frozen=True, eq=False, kw_only=True)
class PoissonTextSource(TextSource):
    """A source of lines whose batches are drawn as the accountant of differential privacy supposes."""

    guarantee: Guarantee

    def training_batches(self, batch_size: int, seed: int, first_step: int = 0, rows: slice = ALL) -> tf.data.Dataset:
        """As `poisson_batches` draws them: int32 `[any, length + 2]`, -1 behind the end of each line."""
        longest = self.settings.length + 2  # with the boundaries around it, whichever lines are drawn

        def read(chosen: np.ndarray) -> np.ndarray:
            return padded(self.train, chosen, longest)

        example = tf.TensorSpec((longest,), tf.int32)
        return poisson_batches(read, example, self.guarantee, seed, first_step, rows)


def open_source(recipe: Any, data: Any = None) -> PoissonTextSource:
    """The lines that a private recipe asks for; see `aigc_tf.data.text.opening.open_source`.

    Raises:
        InputError: the source or the data cannot be had or used, or the recipe's privacy cannot be.
    """
    source = text.open_source(recipe, data)
    return PoissonTextSource(**parts(source), guarantee=promised(recipe, source.train.documents))
