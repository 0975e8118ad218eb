"""An image-to-image model in one file: denoises pictures of the recipe's size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import keras
import numpy as np
import tensorflow as tf
from pydantic import PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.data.source import Batch
from aigc_tf.families.base import GenerativeModel, Signature, TensorSpec
from aigc_tf.families.latent import outputs_of
from aigc_tf.families.tasks import Transforms
from aigc_tf.metrics.evaluator import Evaluator, Figure, Measurement, Request
from aigc_tf.metrics.images.image_quality import psnr
from aigc_tf.modalities.drawing import grid
from aigc_tf.modalities.pictures import Pictures
from aigc_tf.nn.optimizers import adam
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.images import ImageRecipe, ImageSettings
from aigc_tf.recipes.options import NoOptions
from aigc_tf.recipes.settings import AdamSettings

NOISE = 0.1


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Smooth(ImageRecipe):
    """A denoiser of two convolutions."""

    model: ClassVar[str] = f"{__name__}:SmoothModel"
    networks: ClassVar[Mapping[str, str]] = {"network": f"{__name__}:network"}
    evaluators: ClassVar[tuple[str, ...]] = (f"{__name__}:Denoised",)
    chooses: ClassVar[str] = "aigc_tf.metrics.held_out:HeldOutLoss"
    chosen_on: ClassVar[Any] = "validation"
    evaluate_options: ClassVar[type] = NoOptions
    filters: PositiveInt = 16
    """Channels of the hidden layer."""
    optimizer: AdamSettings = AdamSettings()

    @classmethod
    def tiny(cls) -> Self:
        return cls(source="fashion_mnist_10k", images=ImageSettings(height=16, width=16), batch_size=8)


def network(recipe: Smooth) -> keras.Model:
    """Pictures in [0, 1] -> denoised pictures."""
    image = keras.Input(recipe.images.shape, name="image")
    x = keras.layers.Conv2D(recipe.filters, 3, padding="same", activation="relu", name="first")(image)
    noise = keras.layers.Conv2D(recipe.images.channels, 3, padding="same", kernel_initializer="zeros", name="noise")(x)
    return keras.Model(image, keras.layers.Subtract(name="clean")([image, noise]), name="smooth")


class SmoothModel(GenerativeModel, Transforms):
    """Predicts the noise of pictures (Zhang et al. 2017, "DnCNN")."""

    def __init__(self, recipe: Smooth, network: keras.Model) -> None:
        super().__init__(name=recipe.slug())
        self.recipe, self.network = recipe, network
        self.noise_seed = keras.random.SeedGenerator(recipe.seed, name="noise_seed")
        self.adam = adam(recipe.optimizer, network.trainable_variables)
        self.ready()

    @property
    def takes(self) -> Pictures:
        return Pictures(self.recipe.images)

    @property
    def gives(self) -> Pictures:
        return self.takes

    def loss_of(self, batch: Batch, seed: Any, training: bool) -> tf.Tensor:
        clean = 0.5 * batch["image"] + 0.5
        noisy = clean + NOISE * keras.random.normal(tf.shape(clean), seed=seed)
        return tf.reduce_mean(tf.square(self.network(noisy, training=training) - clean))

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = self.loss_of(batch, self.noise_seed, training=True)
        weights = self.network.trainable_variables
        return {"loss": loss, "gradient_norm": self.adam.apply(tape.gradient(loss, weights), weights)}

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        return {"loss": self.loss_of(batch, 0, training=False)}

    def transform(self, inputs: np.ndarray, seed: int = 0, condition: Any = None) -> np.ndarray:
        images = inputs / np.float32(255) if inputs.dtype == np.uint8 else inputs
        return np.clip(outputs_of(self.network, images.astype(np.float32)), 0, 1)

    def previews(self, source: Any) -> dict[str, np.ndarray]:
        return {"cleaned": grid(self.transform(source.inputs("validation", 16)))}

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        image = {"image": TensorSpec(self.recipe.images.shape, "brightness in [0, 1]")}

        def examples(count: int, seed: int) -> dict[str, np.ndarray]:
            return {"image": np.random.default_rng(seed).random((count, *self.recipe.images.shape), np.float32)}

        return {"transform": Signature(self.network, image, {"clean": image["image"]}, examples)}


class Denoised(Evaluator):
    """PSNR of denoised pictures, with the noisy ones as the baseline."""

    def measure(self, model: SmoothModel, source: Any, recipe: Any, request: Request) -> Measurement:
        clean = source.inputs(request.part, request.samples) / np.float32(255)
        noisy = clean + NOISE * np.random.default_rng(request.seed).standard_normal(clean.shape, np.float32)
        noisy_db = float(psnr(noisy, clean).mean())
        cleaned = Figure(float(psnr(model.transform(noisy), clean).mean()), "higher", {"the input": noisy_db})
        return Measurement({"psnr_db": cleaned}, {"noise": NOISE, "images": len(clean)})
