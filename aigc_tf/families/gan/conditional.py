"""The class-conditional GAN: the game of `GAN`, in which both players know the class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from aigc_tf.data.images.labelled import ClassNames
from aigc_tf.families.base import Signature, TensorSpec
from aigc_tf.families.gan.model import GAN
from aigc_tf.families.latent import outputs_of
from aigc_tf.modalities.drawing import grid
from aigc_tf.recipes.cgan import CGAN

PREVIEWED_CLASSES, PREVIEWED_OF_EACH = 16, 8

Labels = str | int | Sequence[str | int] | np.ndarray
"""One class for all images, or one for each: names as text, numbers from 0 as whole numbers."""


class ConditionalGAN(GAN):
    """A generator of images of a class, and a discriminator that knows the class (Mirza & Osindero 2014).

    Args:
        recipe: as for `GAN`.
        generator: latent `[batch, latent_dim]` and label int32 `[batch]` -> images in [-1, 1].
        discriminator: images and label -> answers `[batch, 1]`.
        classes: their names.
    """

    def __init__(self, recipe: CGAN, generator: keras.Model, discriminator: keras.Model, classes: ClassNames) -> None:
        super().__init__(recipe, generator, discriminator)
        self.classes = classes
        # What `decode` draws if it is not told: all the way of an interpolation, or along a direction.
        self.default_class = 0

    def numbers(self, labels: Labels | None, count: int) -> np.ndarray:
        """Classes as int32 `[count]`; all of them in turn, beginning with the first, if there are no labels.

        Raises:
            InputError: there is no such class.
            ValueError: there are neither one nor `count` labels.
        """
        if labels is None:
            return np.arange(count, dtype=np.int32) % len(self.classes.names)
        given = self.classes.numbers([labels] if isinstance(labels, str | int | np.integer) else list(labels))
        if len(given) not in (1, count):
            raise ValueError(f"{len(given)} labels were given for {count} images: give one, or one for each")
        return np.broadcast_to(given, count)

    def generate(
        self, count: int, seed: int = 0, truncation: float | None = None, labels: Labels | None = None
    ) -> np.ndarray:
        """New images: float32 `[count, height, width, channels]` in [0, 1]; the same for the same arguments.

        Args:
            count: how many.
            seed: of the latents.
            truncation: of the latents; see `aigc_tf.families.latent_space.standard_normal`.
            labels: one class for all images, or one for each, by name or number; the classes in turn if not given.
        """
        return self.decode(self.latents(count, seed, truncation), self.numbers(labels, count))

    def generate_batches(
        self, count: int, seed: int = 0, truncation: float | None = None, labels: Labels | None = None
    ) -> Iterator[np.ndarray]:
        """What `generate` makes, in batches `[batch, height, width, channels]`: for more images than fit in memory."""
        numbers, start = self.numbers(labels, count), 0
        for latents in self.latent_batches(count, seed, truncation):
            yield self.decode(latents, numbers[start : start + len(latents)])
            start += len(latents)

    def decode(self, latents: np.ndarray, labels: Labels | None = None) -> np.ndarray:
        """Images of given latents and classes: float32 `[count, height, width, channels]` in [0, 1].

        Args:
            latents: `[count, latent_dim]`.
            labels: one class for all images, or one for each, by name or number; `default_class` if not given.
        """
        numbers = self.numbers(self.default_class if labels is None else labels, len(latents))
        images = outputs_of(self.sampler, latents, numbers)
        return np.clip(images * 0.5 + 0.5, 0.0, 1.0)

    def previews(self, source: Any) -> dict[str, np.ndarray]:
        """Pictures to watch through training: samples of fixed latents, a row for each class."""
        shown = np.repeat(np.arange(min(len(self.classes.names), PREVIEWED_CLASSES)), PREVIEWED_OF_EACH)
        return {"samples": grid(self.generate(len(shown), labels=shown), columns=PREVIEWED_OF_EACH)}

    def export_metadata(self) -> dict[str, Any]:
        """The names of the classes."""
        return super().export_metadata() | {"classes": self.classes.names}

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`generate`: latent and label -> image."""
        latent = keras.Input((self.latent_dim,), name="latent")
        label = keras.Input((), dtype="int32", name="label")
        image = keras.layers.Rescaling(0.5, 0.5, name="to_zero_one")(self.sampler([latent, label]))

        def examples(count: int, seed: int) -> dict[str, np.ndarray]:
            return {"latent": self.latents(count, seed), "label": self.numbers(None, count)}

        return {
            "generate": Signature(
                network=keras.Model([latent, label], image, name="generate"),
                inputs={
                    "latent": TensorSpec((self.latent_dim,), "independent standard normal numbers"),
                    "label": TensorSpec((), "number of the class, from 0", dtype="int32"),
                },
                outputs={"image": TensorSpec(image.shape[1:], "height, width, channels; brightness in [0, 1]")},
                examples=examples,
            )
        }
