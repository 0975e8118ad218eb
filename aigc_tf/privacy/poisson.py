"""Sources for private training: batches by Poisson sampling, as the accountant of differential privacy supposes."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

from aigc_tf.data.images import opening as images
from aigc_tf.data.images.source import ImageSource
from aigc_tf.data.order import Poisson
from aigc_tf.data.source import Source
from aigc_tf.data.text import opening as text
from aigc_tf.data.text.source import TextSource
from aigc_tf.privacy.accounting import guarantee

_Source = TypeVar("_Source", bound=Source)


def open_images(recipe: Any, data: Any = None) -> ImageSource:
    """The images that a private recipe asks for; see `aigc_tf.data.images.opening.open_source`.

    Raises:
        InputError: the source or the data cannot be used, or the recipe's privacy is not possible.
    """
    return promised(images.open_source(recipe, data), recipe)


def open_text(recipe: Any, data: Any = None) -> TextSource:
    """The lines that a private recipe asks for; see `aigc_tf.data.text.opening.open_source`.

    Raises:
        InputError: the source or the data cannot be used, or the recipe's privacy is not possible.
    """
    return promised(text.open_source(recipe, data), recipe)


def promised(source: _Source, recipe: Any) -> _Source:
    """A source that draws by Poisson sampling, with the guarantee that a private recipe gives each of its examples."""
    promise = guarantee(recipe.privacy, source.count, recipe.batch_size, recipe.steps, recipe.updates_per_step)
    drawing = Poisson(promise.sampling_rate, promise.updates_per_step)
    return dataclasses.replace(source, poisson=drawing, promises={"guarantee": promise})
