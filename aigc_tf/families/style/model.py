"""Feed-forward style transfer: the base class, and the model for a single style."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.photos.styled import StylePicture
from aigc_tf.data.source import Batch, PartName
from aigc_tf.families.latent import averaged, update_average
from aigc_tf.families.photo_model import PREVIEWED, PhotoModel, unit
from aigc_tf.families.tiles import Arrays
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.drawing import rows_of
from aigc_tf.nn.optimizers import adam, schedule
from aigc_tf.nn.style_features import content_distance, describing, looking, style_distance
from aigc_tf.recipes.style import Style
from aigc_tf.recipes.styles import StyleRecipe


class Stylist(PhotoModel):
    """Base class of style transfer: one training step for any way of specifying the style.

    Args:
        recipe: its features, loss weights, optimizer and EMA.
        network: `image`, photographs `[batch, height, width, channels]` in [0, 1], and further inputs -> photographs.
    """

    recipe: StyleRecipe

    def __init__(self, recipe: StyleRecipe, network: keras.Model) -> None:
        super().__init__(name=recipe.slug())
        looking(recipe.features)  # fail early if a package is missing
        self.recipe, self.network = recipe, network
        self.used = averaged(network, recipe.average_images)
        self.adam = adam(recipe.optimizer, network.trainable_variables, schedule(recipe.schedule, recipe.steps))
        self.ready()

    @abc.abstractmethod
    def wanted(self, inputs: Mapping[str, Any]) -> list[Any]:
        """Target style statistics of `describing` for inputs of the network, one tensor for each layer."""

    @abc.abstractmethod
    def inputs_for(self, photos: np.ndarray, source: Any, part: PartName) -> Arrays:
        """Inputs of the network by name, for previews and evaluation.

        Args:
            photos: float32 `[count, height, width, channels]` in [0, 1].
            source: of the photographs, and of styles if it has them.
            part: of the source.
        """

    def described(self, maps: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Style statistics of feature maps."""
        return [describing(self.recipe.features)(features) for features in maps]

    def distances(self, styled: tf.Tensor, inputs: Mapping[str, Any]) -> tuple[tf.Tensor, tf.Tensor]:
        """Style and content distances of pictures in [0, 1] to the target style and to their photographs.

        Returns:
            `[batch]` each, 0 where they are equal.
        """
        look = looking(self.recipe.features)
        maps = look(styled)
        style = style_distance(self.described(maps), self.wanted(inputs))
        return style, content_distance(maps, look(inputs["image"]))

    def weighted(self, style: tf.Tensor, content: tf.Tensor) -> tf.Tensor:
        """The loss from both distances, `[batch]`, without the pixel-wise term."""
        return self.recipe.style_weight * style + self.recipe.content_weight * content

    def losses_of(self, network: keras.Model, batch: Batch, training: bool) -> dict[str, tf.Tensor]:
        """The losses of a network on a batch in [-1, 1]."""
        inputs = {name: unit(pictures) for name, pictures in batch.items()}
        styled = self._inside(self.called(network, inputs, training))
        inputs["image"] = self._inside(inputs["image"])
        style, content = (ops.mean(part) for part in self.distances(styled, inputs))
        variation = ops.mean(tf.image.total_variation(styled)) / ops.cast(ops.size(styled[0]), "float32")
        loss = self.weighted(style, content) + self.recipe.variation_weight * variation
        return {"loss": loss, "style_loss": style, "content_loss": content, "variation_loss": variation}

    def _inside(self, pictures: tf.Tensor) -> tf.Tensor:
        """Crops `[batch, height, width, channels]` without their margins."""
        around = self.recipe.surround
        return pictures[:, around : pictures.shape[1] - around, around : pictures.shape[2] - around]

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the network on crops `image`, `[batch, height, width, channels]` in [-1, 1], and further inputs."""
        with tf.GradientTape() as tape:
            losses = self.losses_of(self.network, batch, training=True)
        weights = self.network.trainable_variables
        norm = self.adam.apply(tape.gradient(losses["loss"], weights), weights)
        crops = ops.shape(batch["image"])[0]
        update_average(self.used, self.network, crops, self.adam.iterations, self.recipe.average_images)
        return losses | {"gradient_norm": norm}

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Losses on held-out crops. Changes nothing."""
        return self.losses_of(self.used, batch, training=False)


class StyleTransfer(Stylist):
    """Transfers the style of one picture to photographs (Johnson et al. 2016).

    Args:
        recipe: see `Stylist`.
        network: photographs `[batch, height, width, channels]` in [0, 1] -> the same.
        style: the picture.
    """

    def __init__(self, recipe: Style, network: keras.Model, style: StylePicture) -> None:
        super().__init__(recipe, network)
        self.style = style

    @cached_property
    def _wanted(self) -> list[np.ndarray]:
        with tf.init_scope():  # may be called while a training step is traced
            maps = looking(self.recipe.features)(tf.constant(self.style.pixels[np.newaxis] / 255, tf.float32))
            return [part.numpy() for part in self.described(maps)]

    def wanted(self, inputs: Mapping[str, Any]) -> list[np.ndarray]:
        """See `Stylist.wanted`: always the same."""
        del inputs
        return self._wanted

    def examples(self, crops: np.ndarray, seed: int) -> Arrays:
        """See `PhotoModel.examples`: photographs unchanged."""
        del seed
        return {"image": crops}

    def inputs_for(self, photos: np.ndarray, source: Any, part: PartName) -> Arrays:
        """See `Stylist.inputs_for`: photographs unchanged."""
        del source, part
        return {"image": photos}

    def previews(self, source: Any) -> dict[str, Preview]:
        """Rows of held-out crops: the photograph, and the result."""
        photos = source.unit_crops("validation", PREVIEWED)
        styled = np.asarray(self.used(photos, training=False))
        return {"photograph_styled": rows_of(np.stack([photos, styled], axis=1)), "style": self.style.pixels}
