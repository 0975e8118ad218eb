"""ELBO and importance-weighted bounds of variational autoencoders of images or lines of text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import tensorflow as tf

from aigc_tf.families.variational import Variational

if TYPE_CHECKING:
    from aigc_tf.families.autoencoder.vae import VAE

# Numbers in the images decoded at once: 1,337 images of 28x28 keep two cores busy with little memory.
DECODED_NUMBERS = 2**20
STATIC_SEED = 0  # of the fixed draw of static binarisation


class Bounds(NamedTuple):
    """Lower bounds for each image, in nats; higher is better."""

    evidence_lower_bound: np.ndarray
    """The ELBO averaged over the samples, float32 `[count]` (Kingma & Welling 2014, eq. 2)."""
    importance_weighted: np.ndarray
    """The importance-weighted bound with all samples, float32 `[count]` (Burda et al. 2016, eq. 8)."""


def lower_bounds(
    model: Variational, images: np.ndarray, samples: int, seed: int = 0, numbers: int | None = None
) -> Bounds:
    """Both lower bounds on log p(image), in bounded memory for any number of samples and images.

    The noise of a sample is a function of (seed, index of the image, index of the sample): the result does not depend
    on the chunking.

    Args:
        model: its encoder and decoder are used without corruption of the input.
        images: float32 `[count, height, width, channels]` in [0, 1], or lines as int32 `[count, time]`.
        samples: from the posterior, for each image; with 1 both bounds are equal.
        seed: of the noise.
        numbers: size of a decoded example, for chunking; by default that of an image.

    Raises:
        ValueError: `samples` is not positive.
    """
    if samples < 1:
        raise ValueError(f"samples is {samples}: at least 1 is needed")
    images_at_once, samples_at_once = chunk_sizes(samples, numbers or images[0].size)
    key = np.random.SeedSequence(seed).generate_state(1, np.uint64)

    spec = [tf.TensorSpec((images_at_once, *images.shape[1:]), images.dtype), tf.TensorSpec((), tf.int32)]

    @tf.function(input_signature=spec, autograph=False)
    def measure(some: tf.Tensor, first_image: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        indices = first_image + tf.range(images_at_once)

        def add(sums: tuple[tf.Tensor, tf.Tensor], first_sample: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            noise = posterior_noise(key, indices, first_sample, samples_at_once, model.latent_dim)
            log_weights = model.log_importance_weights(some, noise)  # [samples, images]
            wanted = (first_sample + tf.range(samples_at_once) < samples)[:, tf.newaxis]
            total = sums[0] + tf.reduce_sum(tf.where(wanted, log_weights, 0.0), axis=0)
            counted = tf.where(wanted, log_weights, -math.inf)
            return total, tf.reduce_logsumexp(tf.concat([sums[1][tf.newaxis], counted], axis=0), axis=0)

        nothing = (tf.zeros(images_at_once), tf.fill([images_at_once], -math.inf))
        chunks = tf.range(0, samples, samples_at_once)
        total, log_total = tf.foldl(add, chunks, nothing, parallel_iterations=1)
        return total / samples, log_total - math.log(samples)

    parts = []
    for start in range(0, len(images), images_at_once):
        some = images[start : start + images_at_once]
        padded = np.pad(some, ((0, images_at_once - len(some)), *[(0, 0)] * (some.ndim - 1)))
        parts.append([bound[: len(some)].numpy() for bound in measure(padded, start)])
    return Bounds(*(np.concatenate(bounds) for bounds in zip(*parts, strict=True)))


def chunk_sizes(samples: int, numbers_in_image: int) -> tuple[int, int]:
    """How many images, and how many samples of each, are decoded at once."""
    decoded = max(1, DECODED_NUMBERS // numbers_in_image)
    samples_at_once = math.ceil(samples / math.ceil(samples / decoded))  # chunks of equal size
    return decoded // samples_at_once, samples_at_once


def posterior_noise(
    key: np.ndarray, indices: tf.Tensor, first_sample: tf.Tensor, samples: int, latent_dim: int
) -> tf.Tensor:
    """Standard normal noise `[samples, images, latent_dim]`, from `first_sample` on.

    Philox has a 128-bit counter: the upper half is the image, the lower half counts through its samples, with four
    numbers per step.

    Args:
        key: uint64 `[1]`, the seed.
        indices: int32 `[images]`.
        first_sample: int32.
        samples: how many.
        latent_dim: numbers per sample.
    """
    steps = math.ceil(latent_dim / 4)

    def of_image(index: tf.Tensor) -> tf.Tensor:
        counter = tf.cast(tf.stack([first_sample * steps, index]), tf.uint64)
        shape = (samples, 4 * steps)
        return tf.raw_ops.StatelessRandomNormalV2(shape=shape, key=key, counter=counter, alg=1)[:, :latent_dim]

    noise = tf.map_fn(of_image, indices, fn_output_signature=tf.TensorSpec((samples, latent_dim)))
    return tf.transpose(noise, (1, 0, 2))


def bits_per_dimension(nats: float, model: VAE) -> float:
    """Bits per dimension, from a bound on the log-likelihood of images in nats.

    A density of brightness is converted to the probability of a grey level by their spacing, 1/255. With a Bernoulli
    likelihood the value is meaningful only for binary images.
    """
    bits = -nats / (math.log(2) * math.prod(model.image_shape))
    return bits + math.log2(255) if model.likelihood.is_density else bits


def binarised(images: np.ndarray, seed: int | np.random.Generator) -> np.ndarray:
    """Stochastic binarisation, with a pixel's brightness as probability (Salakhutdinov & Murray 2008).

    Args:
        images: float32 `[count, height, width, channels]` in [0, 1]. The draw of an image does not depend on the images
            that follow.
        seed: `STATIC_SEED` for the fixed static draw, any other for a new one. A generator continues its stream, so
            that images in chunks are drawn as if all together.
    """
    uniform = np.random.default_rng(seed).random(images.shape, np.float32)
    return (uniform < images).astype(np.float32)
