"""The generative adversarial network, for any generator and discriminator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.source import Batch
from aigc_tf.families.base import Signature, TensorSpec
from aigc_tf.families.gan.losses import OBJECTIVES, r1_penalty, slopes_of
from aigc_tf.families.gan.pinned import pinned
from aigc_tf.families.judges import JudgesByDiscriminator
from aigc_tf.families.latent import LatentModel, averaged, outputs_of, update_average
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.drawing import grid, rows_of
from aigc_tf.nn import replicas
from aigc_tf.nn.augmentation import augment_differentiably
from aigc_tf.nn.critics import between, gradient_penalty
from aigc_tf.nn.keras_internals import flat_layers
from aigc_tf.nn.optimizers import adam, schedule
from aigc_tf.nn.replay import ReplayBuffer
from aigc_tf.recipes.gans import GameRecipe

# Minimum slope of the discriminator's loss in the mean output for generated images: with a slope of 0, the generator's
# gradient could not be derived from it.
MIN_SLOPE = 1e-8


class Contest(NamedTuple):
    """Discriminator outputs and losses on real and generated images."""

    real_logits: tf.Tensor
    """`[batch, 1]`."""
    fake_logits: tf.Tensor
    """`[batch, 1]`, for the images just generated."""
    loss: tf.Tensor
    """The discriminator's loss."""
    penalty: tf.Tensor
    """The recipe's penalties."""

    @property
    def cost(self) -> tf.Tensor:
        """The discriminator's total loss."""
        return self.loss + self.penalty


class GAN(LatentModel, JudgesByDiscriminator):
    """A generator of images and a discriminator of real and generated ones (Goodfellow et al. 2014).

    Both networks may take conditions besides the latent or image, which batches hold under the inputs' names.

    Args:
        recipe: its latent dimension, optimizers, loss, regularisers, EMA and seed.
        generator: latent `[batch, latent_dim]` -> images `[batch, height, width, channels]` in [-1, 1].
        discriminator: images -> outputs `[batch, 1]`, see `losses.py`. In training, an output may depend on other
            images of its batch only through BatchNormalization layers; if there are none, both networks share one
            backward pass through the discriminator.
    """

    recipe: GameRecipe
    makes: ClassVar[tuple[str, str]] = ("image", "height, width, channels; brightness in [0, 1]")
    """Name and meaning of the exported generator's output."""

    def __init__(self, recipe: GameRecipe, generator: keras.Model, discriminator: keras.Model) -> None:
        super().__init__(name=recipe.slug())
        self.recipe = recipe
        self.latent_dim = recipe.latent_dim
        self.generator = generator
        self.condition_names = [tensor.name for tensor in generator.inputs[1:]]
        self.discriminator = discriminator
        # The network for inference: the EMA of the generator, if there is one.
        self.sampler = averaged(generator, recipe.average_images)
        self.latent_seed = keras.random.SeedGenerator(recipe.seed, name="latent_seed")
        self.make_streams_and_buffers()
        objective = OBJECTIVES[recipe.loss]
        self.gives_probabilities = objective.gives_probabilities
        self.threshold = objective.threshold
        self.generator_loss = objective.generator
        self.discriminator_loss = objective.discriminator
        if recipe.label_smoothing:
            self.discriminator_loss = partial(objective.discriminator, label_smoothing=recipe.label_smoothing)
        # Not with batch normalisation, where outputs depend on other images, nor with a replay buffer.
        depend = any(isinstance(layer, keras.layers.BatchNormalization) for layer in flat_layers(discriminator))
        self.shares_backward_pass = objective.rises and not depend and not recipe.replayed
        falling = schedule(recipe.schedule, recipe.steps)
        self.generator_optimizer = adam(recipe.generator_optimizer, generator.trainable_variables, falling)
        falling = schedule(recipe.schedule, recipe.steps * recipe.discriminator_steps)
        self.discriminator_optimizer = adam(recipe.discriminator_optimizer, discriminator.trainable_variables, falling)
        self.ready()

    def make_streams_and_buffers(self) -> None:
        """Create what the active regularisers need: separate random generators, and the replay buffer."""
        recipe = self.recipe
        if recipe.instance_noise.deviation:
            self.noise_seed = keras.random.SeedGenerator(recipe.seed ^ 1, name="noise_seed")
        if recipe.gradient_penalty:
            self.penalty_seed = keras.random.SeedGenerator(recipe.seed ^ 2, name="penalty_seed")
        if recipe.differentiable.is_on:
            self.augmentation_seed = keras.random.SeedGenerator(recipe.seed ^ 4, name="augmentation_seed")
        if recipe.replayed:
            self.replay = ReplayBuffer(recipe.replay.capacity, self.discriminator.inputs, recipe.seed ^ 3)

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """The optimizers of generator and discriminator."""
        return {
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
        }

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update both networks: the discriminator as often as the recipe says, the last time along with the generator.

        Args:
            batch: `image`, real ones `[discriminator_steps * batch, height, width, channels]` in [-1, 1], and their
                conditions by the names of the generator's further inputs.
        """
        parts = self.parts_of(batch)
        updates = zip(*(ops.split(part, self.recipe.discriminator_steps) for part in parts), strict=True)
        *earlier, last = updates
        for real, *condition in earlier:
            self.update_discriminator(real, condition)
        real, *condition = last
        return self.update_both(real, condition)

    def parts_of(self, batch: Batch) -> list[tf.Tensor]:
        """The images and conditions of a batch, in the order of the networks' inputs."""
        return [batch["image"], *(batch[name] for name in self.condition_names)]

    def update_both(self, real: tf.Tensor, condition: Sequence[tf.Tensor]) -> dict[str, tf.Tensor]:
        """Update both networks on real images and as many generated ones, with one pass through the discriminator."""
        batch = ops.shape(real)[0]
        with tf.GradientTape() as generator_tape:
            fake = self.fakes(batch, condition)
        with tf.GradientTape(persistent=True) as discriminator_tape:
            discriminator_tape.watch(fake)
            contest = self.contest(real, fake, condition)
            generator_cost, discriminator_cost = self.generator_loss(contest.fake_logits), contest.cost
            if self.shares_backward_pass:
                discriminator_cost += MIN_SLOPE * ops.mean(contest.fake_logits)

        discriminator_weights = self.discriminator.trainable_variables
        if self.shares_backward_pass:
            # From the output on, a generated image has the same gradient for both networks, up to a factor.
            *discriminator_gradients, image_slopes, slopes = discriminator_tape.gradient(
                discriminator_cost, [*discriminator_weights, fake, contest.fake_logits]
            )
            wanted = slopes_of(self.generator_loss, contest.fake_logits)
            image_slopes *= ops.reshape(wanted / slopes, (-1, *(1 for _ in fake.shape[1:])))
        else:
            discriminator_gradients = discriminator_tape.gradient(discriminator_cost, discriminator_weights)
            image_slopes = discriminator_tape.gradient(generator_cost, fake)
        generator_weights = self.generator.trainable_variables
        generator_gradients = generator_tape.gradient(fake, generator_weights, output_gradients=image_slopes)
        generator_norm = self.generator_optimizer.apply(generator_gradients, generator_weights)
        discriminator_norm = self.discriminator_optimizer.apply(discriminator_gradients, discriminator_weights)
        self.update_sampler(batch)
        logs = {
            "generator_loss": generator_cost,
            "discriminator_loss": contest.loss,
            **self.answers(contest.real_logits, contest.fake_logits),
            "generator_gradient_norm": generator_norm,
            "discriminator_gradient_norm": discriminator_norm,
        }
        return logs | ({"penalty": contest.penalty} if self.has_penalty else {})

    def update_sampler(self, batch: tf.Tensor) -> None:
        """Update the generator's EMA after a generator update on `batch` images."""
        steps = self.generator_optimizer.iterations
        update_average(self.sampler, self.generator, batch, steps, self.recipe.average_images)

    def update_discriminator(self, real: tf.Tensor, condition: Sequence[tf.Tensor]) -> None:
        """Update only the discriminator."""
        fake = self.fakes(ops.shape(real)[0], condition)
        weights = self.discriminator.trainable_variables
        with tf.GradientTape() as tape:
            cost = self.contest(real, fake, condition).cost
        self.discriminator_optimizer.apply(tape.gradient(cost, weights), weights)

    def fakes(self, batch: tf.Tensor, condition: Sequence[tf.Tensor]) -> tf.Tensor:
        """New images in training: `[batch, height, width, channels]` in [-1, 1]."""
        latent = keras.random.normal((batch, self.latent_dim), seed=self.latent_seed)
        return self.generator(with_condition(latent, condition), training=True)

    def contest(self, real: tf.Tensor, fake: tf.Tensor, condition: Sequence[tf.Tensor]) -> Contest:
        """Run the discriminator on real and generated images with the same conditions."""
        real_logits, fake_logits = self.judge(real, condition), self.judge(fake, condition)
        loss = self.discriminator_loss(real_logits, self.with_replay(fake_logits, fake, condition))
        return Contest(real_logits, fake_logits, loss, self.penalty(real, fake, condition))

    def judge(self, images: tf.Tensor, condition: Sequence[tf.Tensor]) -> tf.Tensor:
        """The discriminator's outputs in training mode, `[batch, 1]`."""
        if self.recipe.differentiable.is_on:
            images = augment_differentiably(images, self.recipe.differentiable, self.augmentation_seed)
        noise = self.recipe.instance_noise
        if noise.deviation:
            left = 1.0 - ops.cast(self.generator_optimizer.iterations, "float32") / noise.steps
            deviation = noise.deviation * ops.maximum(left, 0.0)
            images += deviation * keras.random.normal(ops.shape(images), seed=self.noise_seed)
        return self.discriminator(with_condition(images, condition), training=True)

    def with_replay(self, fake_logits: tf.Tensor, fake: tf.Tensor, condition: Sequence[tf.Tensor]) -> tf.Tensor:
        """The outputs to train the discriminator on: the first of the batch are replaced by those for past images."""
        if not self.recipe.replayed:
            return fake_logits
        count = replicas.share_of(self.recipe.replayed, "replay.share times batch_size")
        images, *conditions = self.replay.exchange([part[:count] for part in (fake, *condition)])
        return ops.concatenate([self.judge(images, conditions), fake_logits[count:]])

    @property
    def has_penalty(self) -> bool:
        """Whether the recipe adds a penalty to the discriminator's loss."""
        return bool(self.recipe.gradient_penalty or self.recipe.r1.weight)

    def penalty(self, real: tf.Tensor, fake: tf.Tensor, condition: Sequence[tf.Tensor]) -> tf.Tensor:
        """The recipe's gradient penalties of the discriminator."""

        def critic(images: tf.Tensor) -> tf.Tensor:
            return self.discriminator(with_condition(images, condition), training=True)

        total = tf.constant(0.0)
        if self.recipe.gradient_penalty:
            images = between(real, ops.stop_gradient(fake), self.penalty_seed)
            total += self.recipe.gradient_penalty * gradient_penalty(critic, images)
        r1 = self.recipe.r1
        if r1.weight:
            due = self.discriminator_optimizer.iterations.value % r1.every == 0
            weight = r1.weight * r1.every
            total += tf.cond(due, lambda: weight * r1_penalty(critic, real), lambda: tf.constant(0.0))
        return total

    def answers(self, real_logits: tf.Tensor, fake_logits: tf.Tensor) -> dict[str, tf.Tensor]:
        """Metrics of the discriminator's outputs for real and generated images.

        Probabilities; or, if the loss has none, scores and the shares of them on the right side of its threshold.
        """
        if self.gives_probabilities:
            return {
                "real_probability": ops.mean(ops.sigmoid(real_logits)),
                "fake_probability": ops.mean(ops.sigmoid(fake_logits)),
            }
        scores = {"real_score": ops.mean(real_logits), "fake_score": ops.mean(fake_logits)}
        if self.threshold is None:
            return scores
        return scores | {
            "real_accuracy": ops.mean(ops.cast(real_logits > self.threshold, "float32")),
            "fake_accuracy": ops.mean(ops.cast(fake_logits < self.threshold, "float32")),
        }

    def troubles(self, logs: Mapping[str, Any], watched: dict[str, float]) -> list[str]:
        """Whether the discriminator has won; see `pinned`."""
        return pinned(logs, watched, self.recipe.guard)

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Losses on held-out real images and as many samples from fixed latents. Changes nothing."""
        real, *condition = self.parts_of(batch)
        latent = keras.random.normal((ops.shape(real)[0], self.latent_dim), seed=0)
        fake = self.generator(with_condition(latent, condition), training=False)
        real_logits, fake_logits = (
            self.discriminator(with_condition(images, condition), training=False) for images in (real, fake)
        )
        return {
            "generator_loss": self.generator_loss(fake_logits),
            "discriminator_loss": self.discriminator_loss(real_logits, fake_logits),
            **self.answers(real_logits, fake_logits),
        }

    def decode(self, latents: np.ndarray, condition: Any = None) -> np.ndarray:
        """Generate images from given latents; see `LatentModel.decode`."""
        conditions = self.conditions(condition, len(latents))
        images = outputs_of(self.sampler, latents, *([] if conditions is None else [conditions]))
        return np.clip(images * 0.5 + 0.5, 0.0, 1.0)

    def previews(self, source: Any) -> dict[str, Preview]:
        """Samples from fixed latents, and interpolations."""
        return {"samples": grid(self.generate(64)), "interpolation": rows_of(self.interpolate(frames=8, rows=4))}

    @property
    def condition_inputs(self) -> dict[str, TensorSpec]:
        """The generator's further inputs in exported files."""
        return {}

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`generate`: latent, followed by conditions -> image, or what the model `makes`."""
        tensors = (keras.Input(one.shape[1:], dtype=one.dtype, name=one.name) for one in self.sampler.inputs)
        latent, *conditions = tensors
        given = with_condition(latent, conditions)
        image = keras.layers.Rescaling(0.5, 0.5, name="to_zero_one")(self.sampler(given))

        def examples(count: int, seed: int) -> dict[str, np.ndarray]:
            spread = self.conditions(None, count)
            return {"latent": self.latents(count, seed)} | dict.fromkeys(self.condition_names, spread)

        inputs = {"latent": TensorSpec((self.latent_dim,), "independent standard normal numbers")}
        outputs = {self.makes[0]: TensorSpec(image.shape[1:], self.makes[1])}
        network = keras.Model(given, image, name="generate")
        return {"generate": Signature(network, inputs | self.condition_inputs, outputs, examples)}


def with_condition(tensor: Any, condition: Sequence[Any]) -> Any:
    """The inputs of a network: a latent or an image, followed by the condition if there is one."""
    return [tensor, *condition] if condition else tensor
