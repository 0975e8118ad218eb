"""The restoration model for photographs: one training step for all degradations."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.source import Batch
from aigc_tf.families.latent import averaged, update_average
from aigc_tf.families.photo_model import PhotoModel, unit
from aigc_tf.families.restoration.degradations import Degradation
from aigc_tf.families.tiles import Arrays
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.drawing import grid
from aigc_tf.nn.losses import charbonnier
from aigc_tf.nn.optimizers import adam, schedule
from aigc_tf.recipes.photos import RestorationRecipe
from aigc_tf.recipes.settings import AdamSettings
from aigc_tf.references import resolve

ERRORS_SHOWN = 4  # factor by which errors are amplified
SHOWN = 2  # photographs
SHOWN_SIDE = 512  # pixels, centre crop
EQUAL_DB = 120.0


class Shown(NamedTuple):
    """A held-out photograph for previews: pictures `[height, width, channels]` in [0, 1]."""

    inputs: Arrays
    """Network inputs by name, with a batch of one."""
    simple: np.ndarray
    """The simplest method's output."""
    restored: np.ndarray
    """The network's output."""
    clean: np.ndarray
    """The ground truth."""


class Restorer(PhotoModel):
    """Learns to restore clean pictures from degraded ones.

    Args:
        recipe: its degradation, optimizer, EMA and seed.
        network: inputs by name, `image` among them, `[batch, height, width, channels]` in [0, 1] -> restored pictures.
        optimizer: of the network; None for the recipe's.
    """

    recipe: RestorationRecipe
    signature: ClassVar[str] = "restore"

    def __init__(self, recipe: RestorationRecipe, network: keras.Model, optimizer: AdamSettings | None = None) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.network = recipe, network
        self.degradation: Degradation = resolve(recipe.degradation)(recipe)
        self.scale = self.degradation.scale
        self.used = averaged(network, recipe.average_images)
        self.degradation_seed = keras.random.SeedGenerator(recipe.seed, name="degradation_seed")
        chosen, falling = optimizer or recipe.optimizer, schedule(recipe.schedule, recipe.steps)
        self.adam = adam(chosen, network.trainable_variables, falling)
        self.ready()

    @property
    def multiple(self) -> int:
        """The number of which heights and widths of clean photographs must be multiples."""
        return int(max(self.recipe.granularity, self.scale))

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the network on clean crops `image`, `[batch, height, width, channels]` in [-1, 1]."""
        clean = unit(batch["image"])
        inputs = self.degradation.degrade(clean, self.degradation_seed)
        with tf.GradientTape() as tape:
            restored = self.called(self.network, inputs, training=True)
            loss = charbonnier(restored, clean)
        weights = self.network.trainable_variables
        norm = self.adam.apply(tape.gradient(loss, weights), weights)
        crops = ops.shape(clean)[0]
        update_average(self.used, self.network, crops, self.adam.iterations, self.recipe.average_images)
        return {"loss": loss, "gradient_norm": norm, "psnr_db": decibels(restored, clean)}

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Losses on held-out `image`, with a fixed degradation. Changes nothing."""
        clean = unit(batch["image"])
        restored = self.called(self.used, self.degradation.degrade(clean, 0), training=False)
        return {"loss": charbonnier(restored, clean), "psnr_db": decibels(restored, clean)}

    def examples(self, crops: np.ndarray, seed: int, strength: float | None = None) -> Arrays:
        """See `PhotoModel.examples`; a strength is one of the degradation's `measured`, None draws random ones."""
        inputs = self.degradation.degrade(ops.convert_to_tensor(crops), seed, strength)
        return {name: np.asarray(value) for name, value in inputs.items()}

    def truth(self, crops: np.ndarray) -> np.ndarray:
        """The crops themselves."""
        return crops

    def shown(self, source: Any) -> list[Shown]:
        """Centre crops of fixed held-out photographs with a fixed degradation."""
        found = []
        for index, clean in enumerate(source.middles("validation", SHOWN, SHOWN_SIDE, self.multiple)):
            inputs = self.examples(clean[np.newaxis], index)
            simple = np.clip(self.degradation.simple(inputs)[0], 0, 1)
            restored = self.applied({name: value[0] for name, value in inputs.items()})
            found.append(Shown(inputs, simple, restored, clean))
        return found

    def previews(self, source: Any) -> dict[str, Preview]:
        """For each photograph: the simplest restoration, the network's, the truth, and the network's errors."""
        previews: dict[str, Preview] = {}
        for index, shown in enumerate(self.shown(source), start=1):
            errors = np.clip(ERRORS_SHOWN * np.abs(shown.restored - shown.clean), 0, 1)
            pictures = np.stack([shown.simple, shown.restored, shown.clean, errors])
            previews[f"input_output_truth_error_{index}"] = grid(pictures, columns=len(pictures))
        return previews


def decibels(images: tf.Tensor, references: tf.Tensor) -> tf.Tensor:
    """Mean PSNR of a batch in dB; 120 for equal pictures."""
    return ops.mean(ops.minimum(tf.image.psnr(images, references, 1.0), EQUAL_DB))
