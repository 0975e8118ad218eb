"""The base class of image-to-image models for pictures of any size."""

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
    """An image-to-image model for pictures of any size."""

    recipe: PhotoRecipe
    used: keras.Model
    """The network for inference: pictures and scalars by name -> pictures."""
    scale: int = 1
    """Upscaling factor of the output, in height and width."""
    signature: ClassVar[str] = "translate"
    """Name of the exported signature."""

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
        """Network inputs by name, from crops of a source.

        Args:
            crops: float32 `[count, height, width, channels]` in [0, 1]; for pairs, both pictures.
            seed: of random draws.
        """

    def truth(self, crops: np.ndarray) -> np.ndarray | None:
        """The targets for `examples` of crops, float32 `[count, height, width, channels]`; None if unknown."""
        return None

    def called(self, network: keras.Model, inputs: Mapping[str, Any], training: bool) -> tf.Tensor:
        """Call a network with inputs by name."""
        values = [inputs[entry.name] for entry in network.inputs]
        return network(values if len(values) > 1 else values[0], training=training)

    @cached_property
    def _traced(self) -> Callable[[Mapping[str, Any]], tf.Tensor]:
        """The network, traced once for pictures of all sizes."""
        specs = {entry.name: tf.TensorSpec((1, *entry.shape[1:]), entry.dtype) for entry in self.used.inputs}
        return tf.function(lambda inputs: self.called(self.used, inputs, training=False), input_signature=[specs])

    def applied(self, inputs: Arrays, tile: int | None = None, overlap: int | None = None) -> np.ndarray:
        """Apply the network to one picture, tile by tile: float32 `[height, width, channels]` in [0, 1].

        Args:
            inputs: of the network by name, without the batch dimension.
            tile: see `Tiling`; None for the default of the recipe's `transform_options`.
            overlap: the same; None for the default, and if that is None, too, for the network's receptive field.
        """
        options: type[Tiling] = self.recipe.transform_options
        if overlap is None:
            overlap = self.recipe.reach if options.overlap is None else options.overlap
        whole = {entry.name for entry in self.used.inputs if None not in entry.shape[1:]}  # of fixed size: not tiled
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
        """Transform each picture.

        Args:
            inputs: photographs, or arrays `[height, width, channels]`, uint8 or in [0, 1], of any sizes.
            seed: unused, since nothing is sampled.
            condition: of a conditional model.
            tile: see `applied`.
            overlap: the same.
            given: scalars that the network takes besides the picture, such as `sigma`; by default those of the recipe's
                `transform_options`.

        Returns:
            `Photograph` objects for photographs, arrays in [0, 1] for arrays; one array if all have the same size.

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
        """The recipe's `transform_options` updated with the given ones that are not None.

        Raises:
            InputError: one is unknown or out of its range.
        """
        kind: type[Tiling] = self.recipe.transform_options
        unknown = given.keys() - {field.name for field in dataclasses.fields(kind)}
        if unknown:
            raise InputError(f"this {self.recipe.slug()} has no option {', '.join(sorted(unknown))}: leave it out")
        return kind(**{name: value for name, value in given.items() if value is not None})

    def inputs_of(self, pixels: np.ndarray, condition: Any) -> Arrays:
        """The picture inputs of the network, by name."""
        self.refuse_condition(condition)
        return {"image": pixels}

    def of_size(self, side: int) -> PhotoExport:
        """See `AnySize.of_size`."""
        return PhotoExport(self, side)

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """One, named by `signature`, for any height and width, with examples from validation crops or noise."""
        return PhotoExport(self).signatures(source)

    def page(self, source: Any = None) -> list[Panel]:
        """See `PhotoExport.page`."""
        return PhotoExport(self).page(source)

    def export_metadata(self) -> dict[str, int]:
        """How to apply a file to a large picture in tiles; see docs/MOBILE.md."""
        recipe = self.recipe
        return {"scale": self.scale, "multiple": recipe.granularity, "overlap": min(recipe.reach, OVERLAP)}


def unit(pictures: tf.Tensor) -> tf.Tensor:
    """Convert pictures from [-1, 1], as in batches, to [0, 1]."""
    return 0.5 * pictures + 0.5


def in_channels(pixels: np.ndarray, wanted: int) -> np.ndarray:
    """Convert pixels to the wanted number of channels: grey, or three equal channels for colour networks."""
    if pixels.shape[-1] == wanted:
        return pixels
    if wanted == 1:
        return (pixels @ np.array(LUMA, np.float32))[..., np.newaxis]
    return np.repeat(pixels, wanted, axis=-1)
