"""What both models of translation share: use, previews and export of the generator."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aigc_tf.families.base import Signature
from aigc_tf.families.latent import averaged
from aigc_tf.families.photo_model import PREVIEWED, PhotoModel, crops_or_noise
from aigc_tf.families.tiles import Arrays
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.drawing import rows_of
from aigc_tf.recipes.translation import TranslationRecipe


class Translator(PhotoModel):
    """Turns pictures of kind A into kind B.

    Args:
        recipe: its optimizers, weights of losses, moving average and seed.
        generator: pictures `[batch, height, width, channels]` in [0, 1] -> the same.
    """

    recipe: TranslationRecipe

    def __init__(self, recipe: TranslationRecipe, generator: keras.Model) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.generator = recipe, generator
        self.used = averaged(generator, recipe.average_images)
        self.translating = self.of_fixed_size(recipe.photos.crop)

    def judged(self, source: Any, count: int) -> tuple[Arrays, np.ndarray | None]:
        """See `PhotoModel.judged`."""
        pair = source.named(source.crops_of("validation", count).astype(np.float32) / 255)
        return {"image": pair["image"]}, pair.get("target")

    def previews(self, source: Any) -> dict[str, Preview]:
        """Of held-out crops in rows: the picture, what is made of it, and the truth if there is one."""
        pair = source.named(source.crops_of("validation", PREVIEWED).astype(np.float32) / 255)
        made = np.asarray(self.used(pair["image"], training=False))
        truth = [pair["target"]] if "target" in pair else []
        return {"input_output_truth": rows_of(np.stack([pair["image"], made, *truth], axis=1))}

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`translate`: for pictures of the size of a crop."""
        side, channels = self.recipe.photos.crop, self.recipe.photos.channels

        def examples(count: int, seed: int) -> Arrays:
            return {"image": crops_or_noise(source, count, seed, (side, side, channels))[..., :channels]}

        return {"translate": self.signature(self.translating, "translated", examples)}


def unit(pictures: tf.Tensor) -> tf.Tensor:
    """Pictures in [-1, 1], as batches hold them, in [0, 1]."""
    return 0.5 * pictures + 0.5
