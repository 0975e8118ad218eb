"""Models whose network makes a picture of a picture, at any size: what is the same for all of them."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.data.photos.photograph import LUMA
from aigc_tf.errors import InputError
from aigc_tf.families.base import AnySize, GenerativeModel, Signature
from aigc_tf.families.pages import Panel
from aigc_tf.families.photo_export import OVERLAP, PhotoExport
from aigc_tf.families.tasks import Transforms
from aigc_tf.families.tiles import Arrays, by_tiles
from aigc_tf.modalities.photographs import Photograph, Photographs, pixels_of
from aigc_tf.recipes.photos import PhotoRecipe, Tiling

PREVIEWED = 4


class PhotoModel(GenerativeModel, Transforms, AnySize):
    """A picture of any size goes in, a picture comes out."""

    recipe: PhotoRecipe
    used: keras.Model
    """The network that is used after training: pictures, and numbers, by name -> pictures."""
    scale: int = 1
    """How many times what comes out is larger, in height and width."""
    signature: ClassVar[str] = "translate"
    """What the exported function is called."""

    @property
    def takes(self) -> Photographs:
        """Photographs of any size, with the channels of the network's input."""
        return Photographs(self.used.inputs[0].shape[-1])

    @property
    def gives(self) -> Photographs:
        """Photographs of any size."""
        return Photographs(self.recipe.photos.channels)

    @abc.abstractmethod
    def examples(self, crops: np.ndarray, seed: int) -> Arrays:
        """Inputs of the network by name, made of crops of a source.

        Args:
            crops: float32 `[count, height, width, channels]` in [0, 1]; of pairs both pictures.
            seed: of what is drawn.
        """

    def truth(self, crops: np.ndarray) -> np.ndarray | None:
        """What should be made of `examples` of crops, float32 `[count, height, width, channels]`; None if unknown."""
        return None

    def called(self, network: keras.Model, inputs: Mapping[str, Any], training: bool) -> tf.Tensor:
        """A network on inputs by name."""
        values = [inputs[entry.name] for entry in network.inputs]
        return network(values if len(values) > 1 else values[0], training=training)

    @cached_property
    def _traced(self) -> Callable[[Mapping[str, Any]], tf.Tensor]:
        """The network, traced once for pictures of all sizes."""
        specs = {entry.name: tf.TensorSpec((1, *entry.shape[1:]), entry.dtype) for entry in self.used.inputs}
        return tf.function(lambda inputs: self.called(self.used, inputs, training=False), input_signature=[specs])

    def applied(self, inputs: Arrays, tile: int | None = None, overlap: int | None = None) -> np.ndarray:
        """What the network makes of one picture, float32 `[height, width, channels]` in [0, 1].

        Args:
            inputs: of the network by name, without the batch dimension.
            tile: see `Tiling`; None takes the default of the recipe's `transform_options`.
            overlap: the same; None takes the default, and where that is None, too, as far as the network looks.
        """
        options: type[Tiling] = self.recipe.transform_options
        if overlap is None:
            overlap = self.recipe.reach if options.overlap is None else options.overlap
        whole = {entry.name for entry in self.used.inputs if None not in entry.shape[1:]}  # of one size: not cut up
        beside = {name: inputs[name][np.newaxis] for name in whole}
        made = by_tiles(
            lambda pictures: self._traced(pictures | beside).numpy(),
            {name: value for name, value in inputs.items() if name not in whole},
            tile=options.tile if tile is None else tile,
            overlap=overlap,
            granularity=self.recipe.granularity,
            scale=self.scale,
            channels=self.recipe.photos.channels,
        )
        return np.clip(made, 0, 1)

    def transform(
        self,
        inputs: Any,
        seed: int = 0,
        condition: Any = None,
        tile: int | None = None,
        overlap: int | None = None,
        **given: float,
    ) -> Any:
        """A picture for each.

        Args:
            inputs: photographs, or arrays `[height, width, channels]`, uint8 or in [0, 1], of any sizes.
            seed: nothing is drawn.
            condition: of a model that takes one.
            tile: see `applied`.
            overlap: the same.
            given: numbers that the network takes beside the picture, such as `sigma`; those of the recipe's
                `transform_options` by default.

        Returns:
            `Photograph` objects for those, arrays in [0, 1] for arrays; one array if all have the same size.

        Raises:
            InputError: an option is unknown or out of its range, or a condition does not fit.
        """
        del seed
        options = self._options(tile=tile, overlap=overlap, **given)
        rows, outputs = self.takes.rows(inputs), []
        conditions = self.conditions(condition, len(rows))
        numbers = {
            entry.name: np.array([getattr(options, entry.name)], np.float32)
            for entry in self.used.inputs
            if len(entry.shape) == 2
        }
        for value, own in zip(rows, [None] * len(rows) if conditions is None else conditions, strict=True):
            pixels = in_channels(pixels_of(value), self.used.inputs[0].shape[-1])
            made = self.applied(self.inputs_of(pixels, own) | numbers, tile, overlap)
            outputs.append(value.with_pixels(made) if isinstance(value, Photograph) else made)
        return self.gives.stack(outputs)

    def _options(self, **given: Any) -> Tiling:
        """The recipe's `transform_options` with those that are given, not None.

        Raises:
            InputError: one is unknown or out of its range.
        """
        kind: type[Tiling] = self.recipe.transform_options
        unknown = given.keys() - {field.name for field in dataclasses.fields(kind)}
        if unknown:
            raise InputError(f"this {self.recipe.slug()} has no option {', '.join(sorted(unknown))}: leave it out")
        return kind(**{name: value for name, value in given.items() if value is not None})

    def inputs_of(self, pixels: np.ndarray, condition: Any) -> Arrays:
        """The pictures that the network takes, by name."""
        self.refuse_condition(condition)
        return {"image": pixels}

    def of_size(self, side: int) -> PhotoExport:
        """See `AnySize.of_size`."""
        return PhotoExport(self, side)

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """One, named by `signature`, for any height and width; its examples are made of validation crops, or noise."""
        return PhotoExport(self).signatures(source)

    def page(self, source: Any = None) -> list[Panel]:
        """See `PhotoExport.page`."""
        return PhotoExport(self).page(source)

    def export_metadata(self) -> dict[str, int]:
        """How a file is called with a large picture in parts; see docs/MOBILE.md."""
        recipe = self.recipe
        return {"scale": self.scale, "multiple": recipe.granularity, "overlap": min(recipe.reach, OVERLAP)}


def unit(pictures: tf.Tensor) -> tf.Tensor:
    """Pictures in [-1, 1], as batches hold them, in [0, 1]."""
    return 0.5 * pictures + 0.5


def in_channels(pixels: np.ndarray, wanted: int) -> np.ndarray:
    """Grey for networks that take grey, three equal channels for those that take colours."""
    if pixels.shape[-1] == wanted:
        return pixels
    if wanted == 1:
        return (pixels @ np.array(LUMA, np.float32))[..., np.newaxis]
    return np.repeat(pixels, wanted, axis=-1)
