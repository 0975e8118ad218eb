"""The class-conditional GAN."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from aigc_tf.data.classes import ClassNames
from aigc_tf.data.source import evenly
from aigc_tf.families.base import TensorSpec
from aigc_tf.families.gan.model import GAN
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.captions import rows_with_captions
from aigc_tf.modalities.labels import Labels
from aigc_tf.recipes.cgan import CGAN

PREVIEWED_CLASSES, PREVIEWED_OF_EACH = 16, 8


class ConditionalGAN(GAN):
    """A GAN whose generator and discriminator are both conditioned on the class (Mirza & Osindero 2014).

    Args:
        recipe: as for `GAN`.
        generator: latent `[batch, latent_dim]` and label int32 `[batch]` -> images in [-1, 1].
        discriminator: images and label -> outputs `[batch, 1]`.
        classes: their names.
    """

    def __init__(self, recipe: CGAN, generator: keras.Model, discriminator: keras.Model, classes: ClassNames) -> None:
        super().__init__(recipe, generator, discriminator)
        self.classes = classes

    @property
    def condition(self) -> Labels:
        """The class."""
        return Labels(self.classes)

    def previews(self, source: Any) -> dict[str, Preview]:
        """Samples from fixed latents, a row for each class, with its name."""
        classes = evenly(len(self.classes.names), PREVIEWED_CLASSES)
        images = self.generate(len(classes) * PREVIEWED_OF_EACH, condition=np.repeat(classes, PREVIEWED_OF_EACH))
        rows = images.reshape(len(classes), PREVIEWED_OF_EACH, *images.shape[1:])
        return {"samples": rows_with_captions(rows, [self.classes.names[number] for number in classes])}

    def export_metadata(self) -> dict[str, Any]:
        """The names of the classes."""
        return super().export_metadata() | {"classes": self.classes.names}

    @property
    def condition_inputs(self) -> dict[str, TensorSpec]:
        """The class, by index."""
        (name,) = self.condition_names
        return {name: TensorSpec((), "number of the class, from 0", "int32", tuple(self.condition.kinds))}
