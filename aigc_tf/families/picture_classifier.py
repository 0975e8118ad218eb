"""Base classes of models that classify pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from aigc_tf.data.classes import ClassNames
from aigc_tf.families.base import Signature, TensorSpec
from aigc_tf.families.classifies import Classifies
from aigc_tf.families.latent import outputs_of
from aigc_tf.families.tasks import Draws
from aigc_tf.modalities.pictures import Pictures, as_brightness, some_of
from aigc_tf.modalities.text import Text

Examples = Callable[[int, int], dict[str, np.ndarray]]
"""`(count, seed)` -> inputs by name."""


class TellsPictures:
    """A model with a classifier of pictures of the recipe's size."""

    recipe: Any
    classes: ClassNames
    classifying: keras.Model
    """Brightness `[batch, height, width, channels]` in [0, 1] -> probabilities `[batch, classes]`."""

    def probabilities(self, inputs: np.ndarray) -> np.ndarray:
        """Class probabilities, float32 `[count, classes]`, of pictures, uint8 or in [0, 1]."""
        found: np.ndarray = outputs_of(self.classifying, as_brightness(np.asarray(inputs)))
        return found

    def telling(self, examples: Examples, strange: Examples | None) -> Signature:
        """The signature from picture to probabilities, with example pictures."""
        image = {"image": TensorSpec(self.recipe.images.shape, "height, width, channels; brightness in [0, 1]")}
        classes = ", ".join(self.classes.names)
        told = {"probabilities": TensorSpec((len(self.classes.names),), f"of the classes {classes}, from 0 to 1")}
        return Signature(self.classifying, image, told, examples, strange=strange)


class PictureClassifier(TellsPictures, Classifies, Draws):
    """Generates pictures of the recipe's size, and classifies them."""

    @property
    def takes(self) -> Pictures:
        """Pictures of the recipe's size."""
        return Pictures(self.recipe.images)

    @property
    def transformed(self) -> Text:
        """The most probable class and its probability."""
        return Text()

    def classify_signature(self, source: Any) -> Signature:
        """Picture -> probabilities."""

        def examples(count: int, seed: int) -> dict[str, np.ndarray]:
            if source is None:
                return {"image": self.generate(count, seed)}
            return {"image": some_of(source.train.images, count, seed)}

        def strange(count: int, seed: int) -> dict[str, np.ndarray]:
            return {"image": self.takes.strange(examples(count, seed)["image"], seed)}

        return self.telling(examples, strange)
