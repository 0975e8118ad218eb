"""Flow matching: a network learns the velocity field from noise to pictures; samples follow it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.source import Batch
from aigc_tf.families.base import Signature, TensorSpec
from aigc_tf.families.flow.couplings import in_optimal_order
from aigc_tf.families.flow.export import FlowFile
from aigc_tf.families.flow.following import Ask, following, velocities
from aigc_tf.families.flow.paths import between, logit_normal, velocity_error
from aigc_tf.families.latent import GENERATION_BATCH, LatentModel, averaged, update_average
from aigc_tf.families.pages import Panel
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.drawing import grid, rows_of
from aigc_tf.nn import replicas
from aigc_tf.nn.optimizers import adam
from aigc_tf.recipes.flows import FlowRecipe, FlowSolving

PREVIEWED_PATHS, PREVIEWED_TIMES = 8, 10


class FlowModel(LatentModel):
    """A network trained by flow matching (Lipman et al. 2023, eq. 9; Liu et al. 2023, eq. 1).

    A latent is the initial noise of a picture; `latent_dim` is its size.

    Args:
        recipe: its coupling, prediction, times, optimizer, EMA and seed.
        predictor: noisy images `[batch, height, width, channels]`, those of data in [-1, 1], times `[batch]` in [0, 1],
            and conditions if there are any -> predictions of the images' shape.
    """

    recipe: FlowRecipe

    def __init__(self, recipe: FlowRecipe, predictor: keras.Model) -> None:
        super().__init__(name=recipe.slug())
        self.recipe = recipe
        self.state_shape = recipe.state_shape
        self.latent_dim = math.prod(self.state_shape)
        self.predictor = predictor
        # The network for inference: the EMA, if there is one.
        self.used = averaged(predictor, recipe.average_images)
        self.latent_seed = keras.random.SeedGenerator(recipe.seed, name="latent_seed")
        self.time_seed = keras.random.SeedGenerator(recipe.seed ^ 1, name="time_seed")
        self.adam = adam(recipe.optimizer, predictor.trainable_variables)
        self.ready()

    # Training.

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update the network on `image`, `[batch, height, width, channels]` in [-1, 1], and its conditions."""
        images = batch["image"]
        count = ops.shape(images)[0]
        noise = self.coupled(keras.random.normal(ops.shape(images), seed=self.latent_seed), batch)
        times = self.times(count)
        told = self.told(batch)
        weights = self.predictor.trainable_variables
        with tf.GradientTape() as tape:
            loss = ops.mean(self.losses(self.predictor, noise, images, times, told, training=True))
        norm = self.adam.apply(tape.gradient(loss, weights), weights)
        update_average(self.used, self.predictor, count, self.adam.iterations, self.recipe.average_images)
        return {"loss": loss, "gradient_norm": norm}

    def times(self, count: tf.Tensor) -> tf.Tensor:
        """Training times of a batch, `[count]`."""
        return logit_normal(count, self.recipe.times.mean, self.recipe.times.deviation, self.time_seed)

    def coupled(self, noise: tf.Tensor, batch: Batch) -> tf.Tensor:
        """Noise in the order of its coupling with the images of a batch, over all replicas."""
        if self.recipe.coupling == "independent":
            return noise
        return replicas.own_rows(in_optimal_order(*replicas.gathered([noise, batch["image"]])))

    def told(self, batch: Batch) -> list[tf.Tensor]:
        """The network's training inputs besides noisy images and times."""
        del batch
        return []

    def losses(
        self,
        network: keras.Model,
        noise: tf.Tensor,
        images: tf.Tensor,
        times: tf.Tensor,
        told: Sequence[tf.Tensor],
        training: bool,
    ) -> tf.Tensor:
        """The mean squared error of the velocity of each image, `[batch]`; arguments `[batch, ...]`."""
        noisy = between(noise, images, ops.reshape(times, (-1, 1, 1, 1)))
        predicted = network([noisy, times, *told], training=training)
        return velocity_error(self.recipe.prediction, predicted, noise, images, times)

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """The loss on held-out `image`, with fixed noise, at evenly spaced times. Changes nothing."""
        images = batch["image"]
        count = ops.shape(images)[0]
        noise = keras.random.normal(ops.shape(images), seed=0)
        times = (ops.cast(ops.arange(count), "float32") + 0.5) / ops.cast(count, "float32")
        losses = self.losses(self.used, noise, images, times, self.told_all(batch), training=False)
        return {"loss": ops.mean(losses)}

    def told_all(self, batch: Batch) -> list[tf.Tensor]:
        """The network's further inputs for held-out examples."""
        return self.told(batch)

    # Use.

    def ask(self, noisy: np.ndarray, time: float, told: Any) -> np.ndarray:
        """The network's prediction for noisy images, arrays `[count, ...]`, at a common time; see `Ask`."""

        def everywhere(value: float, dtype: str = "float32") -> np.ndarray:
            return np.full(len(noisy), value, dtype)

        answer: np.ndarray = self._traced(noisy, everywhere(time), *self.further(told, everywhere)).numpy()
        return answer

    @cached_property
    def _traced(self) -> Callable[..., tf.Tensor]:
        """The network, traced once for batches of all sizes, so that predictions do not depend on earlier batches."""
        specs = [tf.TensorSpec(one.shape, one.dtype) for one in self.used.inputs]
        return tf.function(lambda *inputs: self.used(inputs, training=False), input_signature=specs, autograph=False)

    def further(self, told: Any, everywhere: Callable[..., Any]) -> list[Any]:
        """The network's inputs besides noisy images and times.

        Args:
            told: conditions, one for each; None for unconditional.
            everywhere: repeats a number, of a given type, for each of them.
        """
        del told, everywhere
        return []

    def guided(self, ask: Ask, options: Any) -> Ask:
        """The prediction to integrate: the network's own, unless there is guidance."""
        del options
        return ask

    def solving(self, **options: Any) -> FlowSolving:
        """Solver settings: the recipe's `export_options` updated with the given ones."""
        kind: type[FlowSolving] = self.recipe.export_options
        return kind(**options)

    def states(self, latents: np.ndarray, condition: Any = None, **options: Any) -> Iterator[np.ndarray]:
        """The states of at most 500 latents `[count, latent_dim]` after each step.

        Yields:
            float32 `[count, height, width, channels]`, which `pictures` converts to images.
        """
        chosen = self.solving(**options)
        rows = self.conditions(condition, len(latents))
        velocity = velocities(self.guided(self.ask, chosen), rows, self.recipe.prediction)
        noise = latents.astype(np.float32).reshape(-1, *self.state_shape)
        return following(velocity, noise, chosen)

    def coded(self, images: np.ndarray) -> np.ndarray:
        """The states of the flow for images `[count, height, width, channels]` in [-1, 1]: the images themselves."""
        return images

    def pictures(self, states: np.ndarray) -> np.ndarray:
        """Convert final states to images `[count, height, width, channels]` in [0, 1]."""
        return np.clip(states * 0.5 + 0.5, 0.0, 1.0)

    def decode(self, latents: np.ndarray, condition: Any = None, **options: Any) -> np.ndarray:
        """Generate images from given latents; see `LatentModel.decode`.

        Args:
            latents: `[count, latent_dim]`.
            condition: one for all images, or one for each; None spreads them over all conditions.
            options: the recipe's `export_options`.
        """
        rows, parts = self.conditions(condition, len(latents)), []
        for start in range(0, len(latents), GENERATION_BATCH):
            chunk = slice(start, start + GENERATION_BATCH)
            *_, states = self.states(latents[chunk], None if rows is None else rows[chunk], **options)
            parts.append(self.pictures(states))
        return np.concatenate(parts)

    def generate(
        self, count: int, seed: int = 0, condition: Any = None, truncation: float | None = None, **options: Any
    ) -> np.ndarray:
        """New images: float32 `[count, height, width, channels]` in [0, 1]; the same for the same arguments.

        Args:
            count: number of images.
            seed: of the noise.
            condition: one for all images, or one for each; None spreads them over all conditions.
            truncation: of the noise; see `aigc_tf.families.latent_space.standard_normal`.
            options: the others of the recipe's `sample_options`.
        """
        return self.decode(self.latents(count, seed, truncation), condition, **options)

    def generate_batches(
        self, count: int, seed: int = 0, condition: Any = None, truncation: float | None = None, **options: Any
    ) -> Iterator[np.ndarray]:
        """`generate` in batches `[batch, height, width, channels]`, for more images than fit in memory."""
        conditions, start = self.conditions(condition, count), 0
        for latents in self.latent_batches(count, seed, truncation):
            rows = None if conditions is None else conditions[start : start + len(latents)]
            yield self.decode(latents, rows, **options)
            start += len(latents)

    def previews(self, source: Any) -> dict[str, Preview]:
        """Samples from fixed noise, intermediate states of some of them, and interpolations."""
        del source
        paths = self.states(self.latents(PREVIEWED_PATHS, 0), evaluations=PREVIEWED_TIMES)
        coming = np.stack([self.pictures(state) for state in paths], axis=1)
        return {
            "samples": grid(self.generate(64)),
            "paths": rows_of(coming),
            "interpolation": rows_of(self.interpolate(frames=8, rows=4)),
        }

    # Export.

    def told_specs(self) -> dict[str, TensorSpec]:
        """The condition's inputs in exported files."""
        return {}

    def further_specs(self) -> dict[str, TensorSpec]:
        """The network's further inputs in exported files."""
        return self.told_specs()

    def examples_told(self, count: int, seed: int) -> dict[str, np.ndarray]:
        """Examples of them."""
        del seed
        return dict.fromkeys(self.told_specs(), self.conditions(None, count))

    def file_facts(self) -> dict[str, Any]:
        """Facts that a program needs about an exported file besides the solver of `generate`."""
        return {}

    def page_facts(self, options: Any) -> dict[str, Any]:
        """Facts that the page needs besides the number of steps."""
        del options
        return {}

    def exported_with(self, **options: Any) -> FlowFile:
        """A flow whose `generate` uses the solver of the options; see `GenerativeModel.exported_with`."""
        return FlowFile(self, self.solving(**options))

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`generate`, the whole sampler from noise to a picture, and `predict`, one network evaluation."""
        return self.exported_with().signatures(source)

    def page(self, source: Any = None) -> list[Panel]:
        """A panel that generates step by step."""
        return self.exported_with().page(source)

    def export_metadata(self) -> dict[str, Any]:
        """The solver settings of `generate`."""
        return self.exported_with().export_metadata()
