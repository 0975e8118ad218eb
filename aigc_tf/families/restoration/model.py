"""A model that restores photographs: one training step for all degradations, and inference by tiles."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.source import Batch
from aigc_tf.families.base import GenerativeModel, Signature, TensorSpec
from aigc_tf.families.latent import averaged, update_average
from aigc_tf.families.restoration.degradations import Degradation
from aigc_tf.families.restoration.tiles import Arrays, by_tiles
from aigc_tf.families.tasks import Transforms
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.drawing import rows_of
from aigc_tf.modalities.photographs import Photograph, Photographs, pixels_of
from aigc_tf.nn.losses import charbonnier
from aigc_tf.nn.optimizers import adam, schedule
from aigc_tf.recipes.photos import RestorationRecipe, Tiling
from aigc_tf.references import resolve

PREVIEWED = 4
ERRORS_SHOWN = 4  # times larger than they are
MEANINGS = {
    "image": "height, width, channels; brightness in [0, 1]",
    "sigma": "standard deviation of the noise, in grey levels from 0 to 255",
    "mask": "height, width, 1; 1 where something is missing, otherwise 0",
}


class Restorer(GenerativeModel, Transforms):
    """Learns to give back clean pictures from what its recipe's degradation makes of them.

    Args:
        recipe: its degradation, optimizer, moving average and seed.
        network: inputs by name, `image` among them, `[batch, height, width, channels]` in [0, 1] -> restored pictures.
    """

    recipe: RestorationRecipe

    def __init__(self, recipe: RestorationRecipe, network: keras.Model) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.network = recipe, network
        self.degradation: Degradation = resolve(recipe.degradation)(recipe)
        self.used = averaged(network, recipe.average_images)
        self.degradation_seed = keras.random.SeedGenerator(recipe.seed, name="degradation_seed")
        self.restoring = self._of_fixed_size()
        self.adam = adam(recipe.optimizer, network.trainable_variables, schedule(recipe.schedule, recipe.steps))
        self.built = True
        self.compile(optimizer=None, jit_compile=False)

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """One, for the network."""
        return {"optimizer": self.adam}

    @property
    def takes(self) -> Photographs:
        """Photographs of any size, with the channels of the network's input."""
        return Photographs(self.network.inputs[0].shape[-1])

    @property
    def gives(self) -> Photographs:
        """Photographs of any size."""
        return Photographs(self.recipe.photos.channels)

    # Training.

    def called(self, network: keras.Model, inputs: Mapping[str, Any], training: bool) -> tf.Tensor:
        """A network on inputs by name."""
        values = [inputs[entry.name] for entry in network.inputs]
        return network(values if len(values) > 1 else values[0], training=training)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the network on clean crops `image`, `[batch, height, width, channels]` in [-1, 1]."""
        clean = 0.5 * batch["image"] + 0.5
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
        clean = 0.5 * batch["image"] + 0.5
        restored = self.called(self.used, self.degradation.degrade(clean, 0), training=False)
        return {"loss": charbonnier(restored, clean), "psnr_db": decibels(restored, clean)}

    # Use.

    @cached_property
    def _restoring(self) -> Any:
        """The network, traced once for pictures of all sizes."""
        specs = {entry.name: tf.TensorSpec((1, *entry.shape[1:]), entry.dtype) for entry in self.used.inputs}
        return tf.function(lambda inputs: self.called(self.used, inputs, training=False), input_signature=[specs])

    def restored(self, inputs: Arrays, tile: int = Tiling.tile, overlap: int = Tiling.overlap) -> np.ndarray:
        """One restored picture, float32 `[height, width, channels]` in [0, 1].

        Args:
            inputs: of the network by name, without the batch dimension.
            tile: see `Tiling`.
            overlap: the same.
        """
        numbers = {name: value[np.newaxis] for name, value in inputs.items() if value.ndim == 1}
        made = by_tiles(
            lambda pictures: self._restoring(pictures | numbers).numpy(),
            {name: value for name, value in inputs.items() if value.ndim == 3},
            tile=tile,
            overlap=overlap,
            granularity=self.recipe.granularity,
            scale=self.degradation.scale,
            channels=self.recipe.photos.channels,
        )
        return np.clip(made, 0, 1)

    def transform(
        self,
        inputs: Any,
        seed: int = 0,
        condition: Any = None,
        tile: int = Tiling.tile,
        overlap: int = Tiling.overlap,
        **given: float,
    ) -> Any:
        """A restored picture for each.

        Args:
            inputs: photographs, or arrays `[height, width, channels]`, uint8 or in [0, 1], of any sizes.
            seed: nothing is drawn.
            condition: of a model that takes one.
            tile: see `Tiling`.
            overlap: the same.
            given: numbers that the network takes beside the picture, such as `sigma`.

        Returns:
            `Photograph` objects for those, arrays in [0, 1] for arrays; one array if all have the same size.
        """
        del seed
        rows, outputs = self.takes.rows(inputs), []
        conditions = self.conditions(condition, len(rows))
        for value, own in zip(rows, [None] * len(rows) if conditions is None else conditions, strict=True):
            pixels = self._in_channels(pixels_of(value))
            named = self.inputs_of(pixels, own) | {
                name: np.array([number], np.float32) for name, number in given.items()
            }
            restored = self.restored(named, tile, overlap)
            outputs.append(value.with_pixels(restored) if isinstance(value, Photograph) else restored)
        return self.gives.stack(outputs)

    def inputs_of(self, pixels: np.ndarray, condition: Any) -> Arrays:
        """The pictures that the network takes, by name."""
        self.refuse_condition(condition)
        return {"image": pixels}

    def _in_channels(self, pixels: np.ndarray) -> np.ndarray:
        """Grey for networks that take grey, three equal channels for those that take colours."""
        wanted = self.network.inputs[0].shape[-1]
        if pixels.shape[-1] == wanted:
            return pixels
        if wanted == 1:
            return (pixels @ np.array([0.299, 0.587, 0.114], np.float32))[..., np.newaxis]
        return np.repeat(pixels, wanted, axis=-1)

    # What is shown, and exported.

    def _of_fixed_size(self) -> keras.Model:
        """The network for inputs of the size of a degraded crop."""
        side = self.recipe.photos.crop // self.degradation.scale
        inputs = [
            keras.Input((side, side, entry.shape[-1]) if len(entry.shape) == 4 else entry.shape[1:], name=entry.name)
            for entry in self.used.inputs
        ]
        return keras.Model(inputs, self.used(inputs if len(inputs) > 1 else inputs[0]), name="restore")

    def examples(self, clean: np.ndarray, seed: int, strength: float | None = None) -> Arrays:
        """Inputs of the network for clean pictures, float32 `[count, height, width, channels]` in [0, 1]."""
        inputs = self.degradation.degrade(ops.convert_to_tensor(clean), seed, strength)
        return {name: np.asarray(value) for name, value in inputs.items()}

    def previews(self, source: Any) -> dict[str, Preview]:
        """Of held-out crops in rows: the simplest restoration, the network's, the truth, and its errors."""
        clean = source.crops_of("validation", PREVIEWED).astype(np.float32) / 255
        inputs = self.examples(clean, 0)
        restored = np.clip(self.called(self.used, inputs, training=False), 0, 1)
        errors = np.clip(ERRORS_SHOWN * np.abs(restored - clean), 0, 1)
        simple = np.clip(self.degradation.simple(inputs), 0, 1)
        return {"input_output_truth_error": rows_of(np.stack([simple, restored, clean, errors], axis=1))}

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`restore`: for pictures of the size of a degraded crop."""
        side, channels = self.recipe.photos.crop, self.recipe.photos.channels

        def examples(count: int, seed: int) -> Arrays:
            if source is None:
                clean = np.random.default_rng(seed).random((count, side, side, channels), np.float32)
            else:
                crops = source.crops_of("validation", count)
                clean = crops[np.arange(count) % len(crops)].astype(np.float32) / 255
            return self.examples(clean, seed)

        def strange(count: int, seed: int) -> Arrays:
            ordinary = examples(count, seed)
            return ordinary | {"image": self.takes.strange(np.clip(ordinary["image"], 0, 1), seed)}

        return {
            "restore": Signature(
                self.restoring,
                {entry.name: TensorSpec(entry.shape[1:], MEANINGS[entry.name]) for entry in self.restoring.inputs},
                {"restored": TensorSpec((side, side, channels), MEANINGS["image"])},
                examples,
                strange=strange,
            )
        }


def decibels(images: tf.Tensor, references: tf.Tensor) -> tf.Tensor:
    """Mean PSNR of a batch in dB."""
    return ops.mean(tf.image.psnr(images, references, 1.0))
