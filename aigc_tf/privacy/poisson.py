"""Sources for private training: batches by Poisson sampling, as privacy accounting assumes."""

from __future__ import annotations

import dataclasses
from typing import Any

from aigc_tf.data.order import Poisson
from aigc_tf.data.source import Source
from aigc_tf.privacy.accounting import guarantee
from aigc_tf.references import resolve


def open_source(recipe: Any, data: Any = None) -> Source:
    """The data source of a private recipe, drawn by Poisson sampling, with the guarantee for each example.

    Args:
        recipe: its `opens` names the function that opens them.
        data: used instead of the recipe's source; see that function.

    Raises:
        InputError: the source or the data cannot be used, or the recipe's privacy is not possible.
    """
    return promised(resolve(recipe.opens)(recipe, data), recipe)


def promised(source: Source, recipe: Any) -> Source:
    """The source with Poisson sampling and the guarantee that a private recipe gives each example."""
    promise = guarantee(recipe.privacy, source.count, recipe.batch_size, recipe.steps, recipe.updates_per_step)
    drawing = Poisson(promise.sampling_rate, promise.updates_per_step)
    return dataclasses.replace(source, poisson=drawing, promises={"guarantee": promise})
