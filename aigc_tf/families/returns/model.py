"""The base class of models that generate windows of daily returns."""

from __future__ import annotations

import abc
from typing import Any

import keras
import numpy as np

from aigc_tf.data.series.source import Scaling, SeriesSource
from aigc_tf.families.base import GenerativeModel
from aigc_tf.families.latent import outputs_of
from aigc_tf.families.tasks import Draws
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.plots import sequences_picture
from aigc_tf.modalities.series import Series
from aigc_tf.recipes.finance import ReturnRecipe

_PREVIEWED = 4


class ReturnModel(Draws, GenerativeModel):
    """Generates windows of returns in percent.

    Args:
        recipe: its latent dimension, length and seed.
        scaling: of the returns.
    """

    def __init__(self, recipe: ReturnRecipe, scaling: Scaling) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.scaling = recipe, scaling
        self.length = recipe.returns.length

    @property
    def gives(self) -> Series:
        """Windows of returns."""
        return Series(self.scaling, length=self.length)

    @abc.abstractmethod
    def drawer(self) -> keras.Model:
        """The exported network, which takes the inputs of `normal`."""

    @abc.abstractmethod
    def normal(self, count: int, random: np.random.Generator) -> dict[str, np.ndarray]:
        """Standard normal noise for the inputs of `drawer`, by name."""

    @abc.abstractmethod
    def windows_of(self, outputs: dict[str, np.ndarray], random: np.random.Generator) -> np.ndarray:
        """Windows `[count, length, 1]` in percent from the outputs of `drawer`, by name."""

    def generate(self, count: int, seed: int = 0, condition: Any = None) -> np.ndarray:
        """New windows: float32 `[count, length, 1]`, daily log returns in percent; the same for the same seed."""
        self.refuse_condition(condition)
        random = np.random.default_rng(seed)
        (signature,) = self.signatures().values()
        inputs = self.normal(count, random)
        found = keras.tree.flatten(outputs_of(signature.network, *inputs.values()))
        outputs = dict(zip(signature.outputs, found, strict=True))
        return self.windows_of(outputs, random).astype(np.float32)

    def export_metadata(self) -> dict[str, Any]:
        """The conversion of standardised returns to percent: `centre + scale · return`."""
        return {"centre": float(self.scaling.mean[0]), "scale": float(self.scaling.deviation[0])}

    def previews(self, source: SeriesSource) -> dict[str, Preview]:
        """Generated windows, and watched real ones."""
        names = self.scaling.names
        return {
            "samples": sequences_picture(self.generate(_PREVIEWED), names),
            "real": sequences_picture(source.inputs("validation", _PREVIEWED), names),
        }
