"""Arbitrary style transfer, with the style as condition (Huang & Belongie 2017; Ghiasi et al. 2017)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from aigc_tf.data.source import PartName
from aigc_tf.families.photo_model import PREVIEWED
from aigc_tf.families.style.model import Stylist
from aigc_tf.families.tiles import Arrays
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.drawing import rows_of
from aigc_tf.modalities.photographs import StylePictures
from aigc_tf.nn.style_features import looking
from aigc_tf.recipes.adain import AdaIN


class AnyStyle(Stylist):
    """Transfers the style of a given picture to photographs."""

    recipe: AdaIN

    @property
    def condition(self) -> StylePictures:
        """A style picture for each photograph."""
        return StylePictures(self.recipe.style_side, self.recipe.photos.channels)

    def wanted(self, inputs: Mapping[str, Any]) -> list[tf.Tensor]:
        """See `Stylist.wanted`: the statistics of each style picture."""
        return self.described(looking(self.recipe.features)(inputs["style"]))

    def inputs_of(self, pixels: np.ndarray, condition: Any) -> Arrays:
        """Photograph and style picture."""
        return {"image": pixels, "style": condition}

    def examples(self, crops: np.ndarray, seed: int) -> Arrays:
        """See `PhotoModel.examples`: each crop in the style of the one before."""
        del seed
        return {"image": crops, "style": self._shrunk(np.roll(crops, 1, axis=0))}

    def inputs_for(self, photos: np.ndarray, source: Any, part: PartName) -> Arrays:
        """See `Stylist.inputs_for`: with style pictures of the part, those of `test` held out."""
        return {"image": photos, "style": source.style_squares(part, len(photos))}

    def previews(self, source: Any) -> dict[str, Preview]:
        """Rows of held-out crops: the photograph, the style picture, and the result."""
        inputs = self.inputs_for(source.unit_crops("validation", PREVIEWED), source, "validation")
        styled = self.called(self.used, inputs, training=False)
        columns = [inputs["image"], tf.image.resize(inputs["style"], styled.shape[1:3], antialias=True), styled]
        return {"photograph_style_styled": rows_of(np.stack([np.clip(part, 0, 1) for part in columns], axis=1))}

    def _shrunk(self, pictures: np.ndarray) -> np.ndarray:
        side = self.recipe.style_side
        return np.clip(tf.image.resize(pictures, (side, side), antialias=True), 0, 1)
