"""Re-implementations of popular tutorials as baselines: as published, and their loops with our networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from aigc_tf.families.gan.networks.dcgan import discriminator, generator
from aigc_tf.nn.fast_layers import plain
from aigc_tf.recipes.dcgan import DCGAN

Step = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


class TutorialLoop:
    """The loop of TensorFlow's DCGAN tutorial: one forward pass, a tape per network, Adam 1e-4.

    Args:
        generator: latents `[batch, latent_dim]` -> images `[batch, height, width, channels]` in [-1, 1].
        discriminator: such images -> logits `[batch, 1]`.
        batch_size: real images per step.
    """

    def __init__(self, generator: keras.Model, discriminator: keras.Model, batch_size: int) -> None:
        self.generator, self.discriminator, self.batch_size = generator, discriminator, batch_size
        self.latent_dim = generator.input_shape[-1]
        self.generator_optimizer = keras.optimizers.Adam(1e-4)
        self.discriminator_optimizer = keras.optimizers.Adam(1e-4)
        self.generator_optimizer.build(self.generator.trainable_variables)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)
        self.cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)

    def batches(self, images: np.ndarray, seed: int) -> tf.data.Dataset:
        """Infinite shuffled batches of images in [-1, 1], as in the tutorial."""
        data = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images), seed=seed)
        return data.batch(self.batch_size, drop_remainder=True).repeat().prefetch(tf.data.AUTOTUNE)

    def step(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The tutorial's train_step."""
        noise = tf.random.normal([tf.shape(images)[0], self.latent_dim])
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            generated = self.generator(noise, training=True)
            real_output = self.discriminator(images, training=True)
            fake_output = self.discriminator(generated, training=True)
            generator_loss = self.cross_entropy(tf.ones_like(fake_output), fake_output)
            real_loss = self.cross_entropy(tf.ones_like(real_output), real_output)
            fake_loss = self.cross_entropy(tf.zeros_like(fake_output), fake_output)
            discriminator_loss = real_loss + fake_loss
        generator_weights = self.generator.trainable_variables
        discriminator_weights = self.discriminator.trainable_variables
        self.generator_optimizer.apply(generator_tape.gradient(generator_loss, generator_weights), generator_weights)
        self.discriminator_optimizer.apply(
            discriminator_tape.gradient(discriminator_loss, discriminator_weights), discriminator_weights
        )
        return generator_loss, discriminator_loss

    def conditions(self, given: Any, count: int) -> None:
        """None: the model is unconditional."""

    def generate(self, count: int, seed: int = 0, condition: Any = None) -> np.ndarray:
        """Samples in [0, 1], for evaluators."""
        latents = np.random.default_rng(seed).standard_normal((count, self.latent_dim), dtype=np.float32)
        return self.generator.predict(latents, batch_size=500, verbose=0) * 0.5 + 0.5


def tutorial_as_published(seed: int) -> TutorialLoop:
    """TensorFlow's "Deep Convolutional Generative Adversarial Network" tutorial: its networks, batch 256.

    For 28x28x1 images. The discriminator has two convolutions with biases and dropout; batch normalisation has Keras's
    default momentum (0.99), LeakyReLU its default slope (0.3).
    """
    keras.utils.set_random_seed(seed)
    generator = keras.Sequential(
        [
            keras.Input((100,)),
            layers.Dense(7 * 7 * 256, use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Reshape((7, 7, 256)),
            layers.Conv2DTranspose(128, 5, strides=1, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Conv2DTranspose(64, 5, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Conv2DTranspose(1, 5, strides=2, padding="same", use_bias=False, activation="tanh"),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(64, 5, strides=2, padding="same"),
            layers.LeakyReLU(),
            layers.Dropout(0.3),
            layers.Conv2D(128, 5, strides=2, padding="same"),
            layers.LeakyReLU(),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    return TutorialLoop(generator, discriminator, batch_size=256)


def tutorial_loop(recipe: DCGAN) -> TutorialLoop:
    """The tutorial's loop with the networks of `recipe`, in Keras layers, batch 128: isolates the training loop."""
    keras.utils.set_random_seed(recipe.seed)
    return TutorialLoop(plain(generator(recipe)), plain(discriminator(recipe)), batch_size=128)


def keras_io_step(recipe: DCGAN) -> Step:
    """The train_step of keras.io's "DCGAN to generate face images": one pass per network.

    The example does not pass `training`, which in Keras 3 disables dropout and batch statistics; here both are on, as
    in the other variants. Its label noise is left out.
    """
    players = plain(generator(recipe)), plain(discriminator(recipe))
    optimizers = keras.optimizers.Adam(1e-4), keras.optimizers.Adam(1e-4)
    for player, optimizer in zip(players, optimizers, strict=True):
        optimizer.build(player.trainable_variables)
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    seeds = keras.random.SeedGenerator(recipe.seed)

    def step(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        batch = tf.shape(images)[0]
        latents = keras.random.normal((batch, recipe.latent_dim), seed=seeds)
        combined = tf.concat([players[0](latents, training=True), images], axis=0)
        labels = tf.concat([tf.ones((batch, 1)), tf.zeros((batch, 1))], axis=0)
        with tf.GradientTape() as tape:
            discriminator_loss = cross_entropy(labels, players[1](combined, training=True))
        weights = players[1].trainable_weights
        optimizers[1].apply(tape.gradient(discriminator_loss, weights), weights)

        latents = keras.random.normal((batch, recipe.latent_dim), seed=seeds)
        with tf.GradientTape() as tape:
            predictions = players[1](players[0](latents, training=True), training=True)
            generator_loss = cross_entropy(tf.zeros((batch, 1)), predictions)
        weights = players[0].trainable_weights
        optimizers[0].apply(tape.gradient(generator_loss, weights), weights)
        return generator_loss, discriminator_loss

    return step
