"""Style transfer by a feed-forward network (Johnson et al. 2016)."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.photos.styled import StylePicture
from aigc_tf.data.source import Batch
from aigc_tf.families.latent import averaged, update_average
from aigc_tf.families.photo_model import PREVIEWED, PhotoModel, unit
from aigc_tf.families.tiles import Arrays
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.drawing import rows_of
from aigc_tf.nn.optimizers import adam, schedule
from aigc_tf.nn.style_features import content_distance, gram, looking, style_distance
from aigc_tf.recipes.style import Style


class StyleTransfer(PhotoModel):
    """Gives photographs the style of one picture.

    Args:
        recipe: its features, weights of losses, optimizer and moving average.
        network: photographs `[batch, height, width, channels]` in [0, 1] -> the same.
        style: the picture.
    """

    recipe: Style

    def __init__(self, recipe: Style, network: keras.Model, style: StylePicture) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.network, self.style = recipe, network, style
        self.used = averaged(network, recipe.average_images)
        self.adam = adam(recipe.optimizer, network.trainable_variables, schedule(recipe.schedule, recipe.steps))
        self.built = True
        self.compile(optimizer=None, jit_compile=False)

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """One, for the network."""
        return {"optimizer": self.adam}

    @cached_property
    def _wanted(self) -> list[np.ndarray]:
        """Gram matrices of the style picture, `[1, channels, channels]` each."""
        with tf.init_scope():  # this may be called while a training step is traced
            maps = looking(self.recipe.features)(tf.constant(self.style.pixels[np.newaxis] / 255, tf.float32))
            return [gram(features).numpy() for features in maps]

    def distances(self, styled: tf.Tensor, photos: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """How far pictures `[batch, height, width, channels]` in [0, 1] are from the style, and from photographs.

        Returns:
            `[batch]` each, 0 where they are equal.
        """
        look = looking(self.recipe.features)
        maps = look(styled)
        return style_distance(maps, self._wanted), content_distance(maps, look(photos))

    def losses_of(self, network: keras.Model, photos: tf.Tensor, training: bool) -> dict[str, tf.Tensor]:
        """The losses of a network on photographs in [0, 1]."""
        styled = network(photos, training=training)
        style, content = (ops.mean(part) for part in self.distances(styled, photos))
        variation = ops.mean(tf.image.total_variation(styled)) / ops.cast(ops.size(styled[0]), "float32")
        recipe = self.recipe
        loss = recipe.style_weight * style + recipe.content_weight * content + recipe.variation_weight * variation
        return {"loss": loss, "style_loss": style, "content_loss": content, "variation_loss": variation}

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the network on crops `image`, `[batch, height, width, channels]` in [-1, 1]."""
        photos = unit(batch["image"])
        with tf.GradientTape() as tape:
            losses = self.losses_of(self.network, photos, training=True)
        weights = self.network.trainable_variables
        norm = self.adam.apply(tape.gradient(losses["loss"], weights), weights)
        crops = ops.shape(photos)[0]
        update_average(self.used, self.network, crops, self.adam.iterations, self.recipe.average_images)
        return losses | {"gradient_norm": norm}

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Losses on held-out `image`. Changes nothing."""
        return self.losses_of(self.used, unit(batch["image"]), training=False)

    def examples(self, crops: np.ndarray, seed: int) -> Arrays:
        """See `PhotoModel.examples`: photographs as they are."""
        del seed
        return {"image": crops}

    def previews(self, source: Any) -> dict[str, Preview]:
        """Of held-out crops in rows: the photograph, and what is made of it."""
        photos = source.unit_crops("validation", PREVIEWED)
        styled = np.asarray(self.used(photos, training=False))
        return {"photograph_styled": rows_of(np.stack([photos, styled], axis=1)), "style": self.style.pixels}
