"""What models share that tell the classes of pictures apart."""

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
"""So many inputs of a seed, by name."""


class TellsPictures:
    """Has a network that tells the classes of pictures of the recipe's size apart."""

    recipe: Any
    classes: ClassNames
    classifying: keras.Model
    """Brightness `[batch, height, width, channels]` in [0, 1] -> probabilities `[batch, classes]`."""

    def probabilities(self, inputs: np.ndarray) -> np.ndarray:
        """Of each class, float32 `[count, classes]`, of pictures, uint8 or in [0, 1]."""
        found: np.ndarray = outputs_of(self.classifying, as_brightness(np.asarray(inputs)))
        return found

    def telling(self, examples: Examples, strange: Examples | None) -> Signature:
        """Picture -> probabilities, with pictures to try it on."""
        image = {"image": TensorSpec(self.recipe.images.shape, "height, width, channels; brightness in [0, 1]")}
        classes = ", ".join(self.classes.names)
        told = {"probabilities": TensorSpec((len(self.classes.names),), f"of the classes {classes}, from 0 to 1")}
        return Signature(self.classifying, image, told, examples, strange=strange)


class PictureClassifier(TellsPictures, Classifies, Draws):
    """Draws pictures of the recipe's size, and tells their classes apart."""

    @property
    def takes(self) -> Pictures:
        """Pictures of the recipe's size."""
        return Pictures(self.recipe.images)

    @property
    def transformed(self) -> Text:
        """The likeliest class and its probability."""
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
