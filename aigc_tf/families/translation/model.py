"""The base class of image translation models: use, previews and export of the generator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from aigc_tf.families.latent import averaged
from aigc_tf.families.photo_model import PREVIEWED, PhotoModel
from aigc_tf.families.tiles import Arrays
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.drawing import rows_of
from aigc_tf.nn.optimizers import adam
from aigc_tf.recipes.picture_translation import TranslationRecipe


class Translator(PhotoModel):
    """Translates pictures of domain A to domain B.

    Args:
        recipe: its optimizers, loss weights, EMA and seed.
        generator: pictures `[batch, height, width, channels]` in [0, 1] -> the same.
        making: weights of all generators.
        judging: weights of all discriminators.
    """

    recipe: TranslationRecipe

    def __init__(
        self,
        recipe: TranslationRecipe,
        generator: keras.Model,
        making: Sequence[keras.Variable],
        judging: Sequence[keras.Variable],
    ) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.generator = recipe, generator
        self.used = averaged(generator, recipe.average_images)
        self.generator_adam = adam(recipe.generator_optimizer, making)
        self.discriminator_adam = adam(recipe.discriminator_optimizer, judging)
        self.ready()

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """One optimizer for all generators, one for all discriminators."""
        return {"generator_optimizer": self.generator_adam, "discriminator_optimizer": self.discriminator_adam}

    def examples(self, crops: np.ndarray, seed: int) -> Arrays:
        """See `PhotoModel.examples`: pictures of A."""
        del seed
        return {"image": crops[..., : self.recipe.photos.channels]}

    def truth(self, crops: np.ndarray) -> np.ndarray | None:
        """Pictures of B, if the crops are pairs."""
        channels = self.recipe.photos.channels
        return crops[..., channels:] if crops.shape[-1] > channels else None

    def previews(self, source: Any) -> dict[str, Preview]:
        """Rows of held-out crops: the picture, its translation, and the truth if there is one."""
        crops = source.unit_crops("validation", PREVIEWED)
        image, truth = self.examples(crops, 0)["image"], self.truth(crops)
        made = np.asarray(self.used(image, training=False))
        columns = [image, made] if truth is None else [image, made, truth]
        return {"input_output_truth": rows_of(np.stack(columns, axis=1))}
