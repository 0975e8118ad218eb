"""Export of photograph models: a network for any height and width, or for a fixed size."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from aigc_tf.errors import InputError
from aigc_tf.families.base import Signature, TensorSpec
from aigc_tf.families.pages import Panel
from aigc_tf.families.tiles import Arrays
from aigc_tf.recipes.images import MAX_SIDE

if TYPE_CHECKING:
    from aigc_tf.families.photo_model import PhotoModel

MEANINGS = {
    "image": "height, width, channels; brightness in [0, 1]",
    "sigma": "standard deviation of the noise, in grey levels from 0 to 255",
    "mask": "height, width, 1; 1 where something is missing, otherwise 0",
    "style": "height, width, channels of the picture whose style is taken; brightness in [0, 1]",
}
PAGE_INPUTS = {"image", "sigma", "mask"}
"""Inputs that the page can supply to a network."""
SMALLEST_TILE = 32
TIMED_SIDE = 256  # of a file that takes any size
OVERLAP = 32
"""Maximum overlap around a tile in pixels, whatever the network's receptive field: anything further away changes no
pixel of a denoised photograph by a grey level."""


class PhotoExport:
    """An exported photograph model.

    Args:
        model: to export.
        side: height and width of the file's inputs, in pixels; None for any multiples of the recipe's granularity.

    Raises:
        InputError: the network takes no squares of that size.
    """

    def __init__(self, model: PhotoModel, side: int | None = None) -> None:
        granularity = model.recipe.granularity
        if side is not None and (side % granularity or not SMALLEST_TILE <= side <= MAX_SIDE):
            raise InputError(
                f"--tile is {side}: a {model.recipe.slug()} takes squares of {SMALLEST_TILE} to {MAX_SIDE} pixels, "
                f"multiples of {granularity}"
            )
        self.model, self.side = model, side

    @cached_property
    def network(self) -> keras.Model:
        """Pictures and scalars by name -> pictures."""
        used = self.model.used
        if self.side is None:
            return used
        inputs = [
            keras.Input([size or self.side for size in entry.shape[1:]], name=entry.name) for entry in used.inputs
        ]
        return keras.Model(inputs, used(inputs if len(inputs) > 1 else inputs[0]), name="fixed_size")

    def examples(self, height: int, width: int, source: Any, count: int, seed: int) -> Arrays:
        """Inputs of the given size from validation crops, or from noise if there is no source.

        Args:
            height: of the inputs.
            width: the same.
            source: the run's, or None.
            count: of examples; crops are repeated if there are fewer.
            seed: of random draws.
        """
        scale, channels = self.model.scale, self.model.recipe.photos.channels
        if source is None:
            crops = np.random.default_rng(seed).random((count, scale * height, scale * width, channels), np.float32)
        else:
            crops = source.unit_crops("validation", count, scale * max(height, width))
            crops = crops[np.arange(count) % len(crops), : scale * height, : scale * width]
        return self.model.examples(crops, seed)

    def strange(self, ordinary: Callable[[int, int], Arrays], count: int, seed: int) -> Arrays:
        """The same with unusual pictures that users may give."""
        inputs = ordinary(count, seed)
        return inputs | {"image": self.model.takes.strange(np.clip(inputs["image"], 0, 1), seed)}

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """See `GenerativeModel.signatures`: a single one, named by the model."""
        recipe = self.model.recipe
        side = self.side or recipe.photos.crop // self.model.scale
        small = recipe.granularity * -(-16 // recipe.granularity)
        sizes = [] if self.side else [(small, 2 * small), (TIMED_SIDE, TIMED_SIDE)]
        ordinary = partial(self.examples, side, side, source)
        network = self.network
        inputs = {entry.name: TensorSpec(tuple(entry.shape[1:]), MEANINGS[entry.name]) for entry in network.inputs}
        signature = Signature(
            network,
            inputs,
            {"picture": TensorSpec(tuple(network.outputs[0].shape[1:]), MEANINGS["image"])},
            ordinary,
            strange=partial(self.strange, ordinary),
            other_sizes=[partial(self.examples, *size, source) for size in sizes],
        )
        return {self.model.signature: signature}

    def page(self, source: Any = None) -> list[Panel]:
        """See `GenerativeModel.page`: from photograph to photograph; none if the network needs a second picture."""
        del source
        if not PAGE_INPUTS.issuperset(entry.name for entry in self.model.used.inputs):
            return []
        facts = self.model.export_metadata()
        if self.side is not None:
            facts["overlap"] = min(facts["overlap"], self.side // 4)
        return [Panel("restore", self.model.signature, facts)]
