"""The generative adversarial network: two players over any generator and discriminator."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.losses import discriminator_loss, non_saturating_generator_loss
from aigc_tf.models.base import Signature, TensorSpec
from aigc_tf.models.latent import GENERATION_BATCH, LatentModel, averaged_copy, update_average
from aigc_tf.optimizers import adam
from aigc_tf.pictures import grid
from aigc_tf.recipes.dcgan import DCGAN


class GAN(LatentModel):
    """A generator of images and a discriminator that tells them from real ones (Goodfellow et al. 2014).

    Args:
        recipe: its latent dimension, optimizers, label smoothing, moving average and seed.
        generator: latent `[batch, latent_dim]` -> images `[batch, height, width, channels]` in [-1, 1].
        discriminator: images -> logits `[batch, 1]`.
    """

    def __init__(self, recipe: DCGAN, generator: keras.Model, discriminator: keras.Model) -> None:
        super().__init__(name=recipe.slug())
        self.latent_dim = recipe.latent_dim
        self.label_smoothing = recipe.label_smoothing
        self.average_images = recipe.average_images
        self.generator = generator
        self.discriminator = discriminator
        # The network that is sampled: the moving average of the generator, if there is one.
        self.sampler = generator
        if recipe.average_images is not None:
            self.sampler = averaged_copy(generator)
        self.latent_seed = keras.random.SeedGenerator(recipe.seed, name="latent_seed")
        self.generator_optimizer = adam(recipe.generator_optimizer, generator.trainable_variables)
        self.discriminator_optimizer = adam(recipe.discriminator_optimizer, discriminator.trainable_variables)
        self.built = True
        # Compiling the step with XLA made it six times slower on CPUs.
        self.compile(optimizer=None, jit_compile=False)

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Both players' optimizers."""
        return {
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
        }

    def train_step(self, real: tf.Tensor) -> dict[str, tf.Tensor]:
        """Update both players on real images `[batch, height, width, channels]` in [-1, 1].

        One pass forwards and one backwards through the discriminator serve both players: see `slopes_of_players`.
        """
        batch = ops.shape(real)[0]
        latent = keras.random.normal((batch, self.latent_dim), seed=self.latent_seed)
        with tf.GradientTape() as generator_tape:
            fake = self.generator(latent, training=True)
        with tf.GradientTape() as discriminator_tape:
            discriminator_tape.watch(fake)
            real_logits = self.discriminator(real, training=True)
            fake_logits = self.discriminator(fake, training=True)
        generator_cost, discriminator_cost, slopes, share = self.costs_and_slopes(real_logits, fake_logits)
        generator_weights = self.generator.trainable_variables
        discriminator_weights = self.discriminator.trainable_variables
        *discriminator_gradients, fake_slope = discriminator_tape.gradient(
            [real_logits, fake_logits], [*discriminator_weights, fake], output_gradients=slopes
        )
        fake_slope *= ops.reshape(share, (-1, *[1] * (len(fake.shape) - 1)))
        generator_gradients = generator_tape.gradient(fake, generator_weights, output_gradients=fake_slope)
        self.generator_optimizer.apply(generator_gradients, generator_weights)
        self.discriminator_optimizer.apply(discriminator_gradients, discriminator_weights)
        if self.average_images is not None:
            steps = self.generator_optimizer.iterations
            update_average(self.sampler, self.generator, batch, steps, self.average_images)
        return {
            "generator_loss": generator_cost,
            "discriminator_loss": discriminator_cost,
            "real_probability": ops.mean(ops.sigmoid(real_logits)),
            "fake_probability": ops.mean(ops.sigmoid(fake_logits)),
            "generator_gradient_norm": tf.linalg.global_norm(generator_gradients),
            "discriminator_gradient_norm": tf.linalg.global_norm(discriminator_gradients),
        }

    def costs_and_slopes(self, real_logits, fake_logits):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([real_logits, fake_logits])
            generator_cost = non_saturating_generator_loss(fake_logits)
            discriminator_cost = discriminator_loss(real_logits, fake_logits, self.label_smoothing)
        real_slope, fake_slope = tape.gradient(discriminator_cost, [real_logits, fake_logits])
        batch = ops.cast(ops.shape(fake_logits)[0], fake_slope.dtype)
        fake_slope = ops.maximum(fake_slope, 1e-6 / batch)
        share = tape.gradient(generator_cost, fake_logits) / fake_slope
        return generator_cost, discriminator_cost, [real_slope, fake_slope], share

    def test_step(self, real: tf.Tensor) -> dict[str, tf.Tensor]:
        """Losses on held-out real images, and as many samples from fixed latents. Changes nothing."""
        latent = keras.random.normal((ops.shape(real)[0], self.latent_dim), seed=0)
        real_logits = self.discriminator(real, training=False)
        fake_logits = self.discriminator(self.generator(latent, training=False), training=False)
        return {
            "generator_loss": non_saturating_generator_loss(fake_logits),
            "discriminator_loss": discriminator_loss(real_logits, fake_logits, self.label_smoothing),
            "real_probability": ops.mean(ops.sigmoid(real_logits)),
            "fake_probability": ops.mean(ops.sigmoid(fake_logits)),
        }

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Images of given latents: float32 `[count, height, width, channels]` in [0, 1]."""
        images = self.sampler.predict(latents, batch_size=GENERATION_BATCH, verbose=0)
        return np.clip(images * 0.5 + 0.5, 0.0, 1.0)

    def previews(self, source: Any) -> dict[str, np.ndarray]:
        """Pictures to watch through training: samples of fixed latents, and interpolations."""
        interpolation = self.interpolate(frames=8, rows=4)
        return {
            "samples": grid(self.generate(64)),
            "interpolation": grid(interpolation.reshape(-1, *interpolation.shape[2:]), columns=8),
        }

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`generate`: latent -> image."""
        latent = keras.Input((self.latent_dim,), name="latent")
        image = keras.layers.Rescaling(0.5, 0.5, name="to_zero_one")(self.sampler(latent))
        network = keras.Model(latent, image, name="generate")
        return {
            "generate": Signature(
                network=network,
                inputs={"latent": TensorSpec((self.latent_dim,), "independent standard normal numbers")},
                outputs={"image": TensorSpec(image.shape[1:], "height, width, channels; brightness in [0, 1]")},
                examples=lambda count, seed: {"latent": self.latents(count, seed)},
            )
        }
