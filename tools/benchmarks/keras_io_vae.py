"""A plain re-implementation of keras.io's "Variational AutoEncoder" example, as a baseline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops


class KerasIoVAE:
    """keras.io's convolutional VAE: its layers and its train_step; Adam 1e-3, batch 128.

    For 28x28x1 images in [0, 1]. The example trains on MNIST including the test images; here these are held out. Its
    metrics, which cost little, are left out.

    Args:
        latent_dim: 2 in the example.
        seed: random seed of weights and noise.
        networks: encoder to mean and log variance, and decoder to logits, instead of its own, to compare only the
            step.
    """

    batch_size = 128

    def __init__(self, latent_dim: int, seed: int, networks: tuple[keras.Model, keras.Model] | None = None) -> None:
        keras.utils.set_random_seed(seed)
        self.latent_dim = latent_dim
        self.encoder, decoder = networks or (self._encoder(), self._decoder())
        probability = layers.Activation("sigmoid")(decoder.outputs[0])
        self.decoder = keras.Model(decoder.inputs, probability)
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.optimizer = keras.optimizers.Adam()
        self.weights = [*self.encoder.trainable_weights, *self.decoder.trainable_weights]
        self.optimizer.build(self.weights)

    def _encoder(self) -> keras.Model:
        image = keras.Input((28, 28, 1))
        x = layers.Conv2D(32, 3, activation="relu", strides=2, padding="same")(image)
        x = layers.Conv2D(64, 3, activation="relu", strides=2, padding="same")(x)
        x = layers.Dense(16, activation="relu")(layers.Flatten()(x))
        return keras.Model(image, [layers.Dense(self.latent_dim)(x), layers.Dense(self.latent_dim)(x)])

    def _decoder(self) -> keras.Model:
        latent = keras.Input((self.latent_dim,))
        x = layers.Reshape((7, 7, 64))(layers.Dense(7 * 7 * 64, activation="relu")(latent))
        x = layers.Conv2DTranspose(64, 3, activation="relu", strides=2, padding="same")(x)
        x = layers.Conv2DTranspose(32, 3, activation="relu", strides=2, padding="same")(x)
        return keras.Model(latent, layers.Conv2DTranspose(1, 3, padding="same")(x))

    def batches(self, images: np.ndarray, seed: int) -> Iterator[tf.Tensor]:
        """Infinite shuffled batches of images in [0, 1]."""
        data = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images), seed=seed)
        return iter(data.batch(self.batch_size, drop_remainder=True).repeat().prefetch(tf.data.AUTOTUNE))

    def step(self, images: tf.Tensor) -> tf.Tensor:
        """The example's train_step."""
        with tf.GradientTape() as tape:
            mean, log_variance = self.encoder(images, training=True)
            noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
            reconstruction = self.decoder(mean + ops.exp(0.5 * log_variance) * noise, training=True)
            cross_entropy = keras.losses.binary_crossentropy(images, reconstruction)
            reconstruction_loss = ops.mean(ops.sum(cross_entropy, axis=(1, 2)))
            kl = -0.5 * (1 + log_variance - ops.square(mean) - ops.exp(log_variance))
            loss = reconstruction_loss + ops.mean(ops.sum(kl, axis=1))
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.weights), self.weights, strict=True))
        return loss

    def negative_bound(self, images: np.ndarray) -> float:
        """Negative ELBO of images in [0, 1], one sample each, in nats per image."""
        total = 0.0
        for part in np.split(images, range(500, len(images), 500)):
            mean, log_variance = self.encoder(part, training=False)
            noise = keras.random.normal(ops.shape(mean), seed=0)
            probability = self.decoder(mean + ops.exp(0.5 * log_variance) * noise, training=False)
            cross_entropy = keras.losses.binary_crossentropy(part, probability)
            kl = 0.5 * (ops.square(mean) + ops.exp(log_variance) - 1 - log_variance)
            total += float(ops.sum(cross_entropy) + ops.sum(kl))
        return total / len(images)

    def conditions(self, given: Any, count: int) -> None:
        """None: the model is unconditional."""

    def generate(self, count: int, seed: int = 0, condition: Any = None) -> np.ndarray:
        """Samples from the prior in [0, 1], for the Fréchet distance."""
        latents = np.random.default_rng(seed).standard_normal((count, self.latent_dim), dtype=np.float32)
        return self.decoder.predict(latents, batch_size=500, verbose=0)
