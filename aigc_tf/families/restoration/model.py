"""A model that restores photographs: one training step for all degradations."""

from __future__ import annotations

from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.source import Batch
from aigc_tf.families.latent import averaged, update_average
from aigc_tf.families.photo_model import PREVIEWED, PhotoModel, unit
from aigc_tf.families.restoration.degradations import Degradation
from aigc_tf.families.tiles import Arrays
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.drawing import rows_of
from aigc_tf.nn.losses import charbonnier
from aigc_tf.nn.optimizers import adam, schedule
from aigc_tf.recipes.photos import RestorationRecipe
from aigc_tf.recipes.settings import AdamSettings
from aigc_tf.references import resolve

ERRORS_SHOWN = 4  # times larger than they are
EQUAL_DB = 120.0


class Restorer(PhotoModel):
    """Learns to give back clean pictures from what its recipe's degradation makes of them.

    Args:
        recipe: its degradation, optimizer, moving average and seed.
        network: inputs by name, `image` among them, `[batch, height, width, channels]` in [0, 1] -> restored pictures.
        optimizer: of the network; None takes the recipe's.
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
        self.built = True
        self.compile(optimizer=None, jit_compile=False)

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """One, for the network."""
        return {"optimizer": self.adam}

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
        """Losses on held-out `image`, always degraded in the same way. Changes nothing."""
        clean = unit(batch["image"])
        restored = self.called(self.used, self.degradation.degrade(clean, 0), training=False)
        return {"loss": charbonnier(restored, clean), "psnr_db": decibels(restored, clean)}

    def examples(self, crops: np.ndarray, seed: int, strength: float | None = None) -> Arrays:
        """See `PhotoModel.examples`; a strength is one of the degradation's `measured`, None draws some."""
        inputs = self.degradation.degrade(ops.convert_to_tensor(crops), seed, strength)
        return {name: np.asarray(value) for name, value in inputs.items()}

    def truth(self, crops: np.ndarray) -> np.ndarray:
        """The crops themselves."""
        return crops

    def previews(self, source: Any) -> dict[str, Preview]:
        """Of held-out crops in rows: the simplest restoration, the network's, the truth, and its errors."""
        clean = source.unit_crops("validation", PREVIEWED)
        inputs = self.examples(clean, 0)
        restored = np.clip(self.called(self.used, inputs, training=False), 0, 1)
        errors = np.clip(ERRORS_SHOWN * np.abs(restored - clean), 0, 1)
        simple = np.clip(self.degradation.simple(inputs), 0, 1)
        return {"input_output_truth_error": rows_of(np.stack([simple, restored, clean, errors], axis=1))}


def decibels(images: tf.Tensor, references: tf.Tensor) -> tf.Tensor:
    """Mean PSNR of a batch in dB; of equal pictures it counts as 120."""
    return ops.mean(ops.minimum(tf.image.psnr(images, references, 1.0), EQUAL_DB))
