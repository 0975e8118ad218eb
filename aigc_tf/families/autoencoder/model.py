"""The autoencoder: an encoder, a decoder, and clean targets for inputs that may be corrupted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.source import Batch
from aigc_tf.families.autoencoder.hardening import hardened
from aigc_tf.families.autoencoder.page import reconstructing_panel
from aigc_tf.families.base import Examples, Signature, TensorSpec
from aigc_tf.families.judges import JudgesByScore
from aigc_tf.families.latent import LatentModel, averaged, outputs_of, share_kept, update_average
from aigc_tf.families.latent_space import most_active, plane, traversals
from aigc_tf.families.pages import Panel
from aigc_tf.families.tasks import Encodes, Transforms
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.captions import rows_with_captions
from aigc_tf.modalities.drawing import grid, rows_of
from aigc_tf.modalities.pictures import Pictures, as_brightness, some_of
from aigc_tf.nn import replicas
from aigc_tf.nn.corruption import corrupt
from aigc_tf.nn.likelihoods import make_likelihood
from aigc_tf.nn.optimizers import adam
from aigc_tf.recipes.autoencoders import AutoencoderRecipe

# Up to this many latent dimensions the fitted Gaussian has a full covariance, beyond it a diagonal one.
MAX_CORRELATED = 256
MOMENTS_HORIZON_IMAGES = 20_000
PREVIEWED_RECONSTRUCTIONS = 16
PREVIEWED_DIMENSIONS, PREVIEWED_MAP_SIDE = 10, 12
PREVIEWED_ENCODINGS = 200  # for sorting the latent dimensions
IMAGE = "height, width, channels; brightness in [0, 1]"


class Autoencoder(LatentModel, Transforms, Encodes, JudgesByScore):
    """Reconstructs its inputs through a latent vector (000 §3.9.1).

    It has no prior: `generate` decodes samples of a Gaussian fitted to the latents of training images during training
    (ex-post density estimation, Ghosh et al. 2020, with one component).

    Args:
        recipe: its optimizer, likelihood, corruption, EMA and seed.
        encoder: images `[batch, height, width, channels]` in [-1, 1] -> latents `[batch, latent_dim]`.
        decoder: latents -> the likelihood's parameters `[batch, height, width, parameters]`.
    """

    encoder_outputs: Mapping[str, str] = {"latent": "the image's point in the latent space"}
    """Names and meanings of the encoder's outputs in exported files."""
    drawn_by = "decode"  # the exported signature that generates pictures from noise
    latent_meaning = "a point in the latent space, as `encode` returns it"
    score_meaning = "how anomalous the image is, in nats"
    recipe: AutoencoderRecipe

    def __init__(self, recipe: AutoencoderRecipe, encoder: keras.Model, decoder: keras.Model) -> None:
        super().__init__(name=recipe.slug())
        self.recipe = recipe
        self.latent_dim = decoder.inputs[0].shape[-1]
        self.image_shape = recipe.images.shape
        self.encoder, self.decoder = encoder, decoder
        self.likelihood = make_likelihood(recipe.likelihood)
        # The networks for inference: the EMA copies, if there are any.
        self.used_encoder = averaged(encoder, recipe.average_images)
        self.used_decoder = averaged(decoder, recipe.average_images)
        self.corruption_seed = keras.random.SeedGenerator(recipe.seed, name="corruption_seed")
        self.make_prior()
        image, latent = keras.Input(self.image_shape, name="image"), keras.Input((self.latent_dim,), name="latent")
        unit = keras.layers.Rescaling(2.0, -1.0, name="to_unit")(image)
        self.encoding = keras.Model(image, self.used_encoder(unit), name="encode")
        self.decoding = keras.Model(latent, self.likelihood(self.used_decoder(latent)), name="decode")
        self.scoring = self.scoring_network()
        self.adam = adam(recipe.optimizer, self.learning)
        self.ready()

    @property
    def learning(self) -> list[keras.Variable]:
        """The trainable weights; the EMA copies are not among them."""
        return [part for layer in (self.encoder, self.decoder, self.likelihood) for part in layer.trainable_variables]

    # Overridden by variational autoencoders.

    def make_prior(self) -> None:
        """Create what `latents` samples from: here the running first and second moments of the latents."""
        size = self.latent_dim
        second = (size, size) if size <= MAX_CORRELATED else (size,)
        self.first_moment = self.add_weight(shape=(size,), initializer="zeros", trainable=False, name="first_moment")
        self.second_moment = self.add_weight(shape=second, initializer="zeros", trainable=False, name="second_moment")

    def update_prior(self, latent: tf.Tensor, keep: tf.Tensor) -> dict[str, tf.Tensor]:
        """Update the moments from a batch of latents with the decay `keep`; returns metrics."""
        if len(self.second_moment.shape) == 2:
            second = ops.matmul(ops.transpose(latent), latent) / ops.cast(ops.shape(latent)[0], latent.dtype)
        else:
            second = ops.mean(ops.square(latent), axis=0)
        moments = replicas.mean([ops.mean(latent, axis=0), second])
        for moment, now in zip((self.first_moment, self.second_moment), moments, strict=True):
            moment.assign(now + keep * (moment - now))
        return {}

    def prior(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Mean and covariance factor of the fitted Gaussian; see `LatentModel.prior`."""
        mean = self.first_moment.numpy().astype("float64")
        second = self.second_moment.numpy().astype("float64")
        if second.ndim == 1:
            return mean, np.sqrt(np.maximum(second - mean**2, 0))
        values, vectors = np.linalg.eigh(second - np.outer(mean, mean))
        return mean, vectors * np.sqrt(np.maximum(values, 0))  # covariance = factor @ factor.T

    def bottleneck(self, encoded: Any, noise_seed: int | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        """From the encoder's output to a latent and its divergence from the prior.

        Args:
            encoded: the encoder's output.
            noise_seed: of the noise, if any; None uses the training generator.

        Returns:
            The latent `[batch, latent_dim]`, and the divergence from the prior in nats per dimension, of the same
            shape: 0 without a prior.
        """
        return encoded, ops.zeros_like(encoded)

    def cost(self, divergence: tf.Tensor) -> tf.Tensor:
        """The loss term of a divergence `[batch, latent_dim]`, in nats per image."""
        return ops.zeros(())

    def watch(self, encoded: Any, divergence: tf.Tensor) -> dict[str, tf.Tensor]:
        """Metrics of a batch's encodings, in addition to the losses."""
        return {"latent_deviation": ops.mean(ops.std(encoded, axis=0))}

    def mean_latent(self, encoded: Any) -> Any:
        """The latent from the encoder's output, without noise."""
        return encoded

    def scoring_network(self) -> keras.Model:
        """Image -> the anomaly score, `Likelihood.shortfall` of its reconstruction in nats, `[batch]`."""
        image = keras.Input(self.image_shape, name="image")
        parameters = self.used_decoder(self.encoding(image))
        return keras.Model(image, self.likelihood.shortfall(parameters, image), name="score")

    # Training.

    def corrupted(self, images: tf.Tensor, seed: int | keras.random.SeedGenerator) -> tf.Tensor:
        """Inputs for clean images `[batch, height, width, channels]` in [0, 1]: unchanged unless it is a denoiser."""
        return corrupt(images, self.recipe.corruption, seed) if self.recipe.corruption.is_on else images

    def targets(self, images: tf.Tensor, seed: int | keras.random.SeedGenerator) -> tf.Tensor:
        """Training targets for images `[batch, height, width, channels]` in [0, 1]: themselves, or binarised."""
        if not self.recipe.binarise:
            return images
        return ops.cast(keras.random.uniform(ops.shape(images), seed=seed) < images, images.dtype)

    def strangeness(self, inputs: tf.Tensor, clean: tf.Tensor) -> tf.Tensor:
        """Reconstruction error of clean images from inputs in [-1, 1], `[batch]`: what adversarial attacks increase."""
        latent = self.mean_latent(self.encoder(inputs, training=False))
        return -self.likelihood.log_probability(self.decoder(latent, training=False), clean)

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update both networks on `image`, `[batch, height, width, channels]` in [-1, 1]."""
        images = batch["image"]
        clean = self.targets(0.5 * images + 0.5, self.corruption_seed)
        inputs = hardened(self, 2.0 * self.corrupted(clean, self.corruption_seed) - 1.0, clean)
        with tf.GradientTape() as tape:
            encoded = self.encoder(inputs, training=True)
            latent, divergence = self.bottleneck(encoded)
            parameters = self.decoder(latent, training=True)
            reconstruction = -ops.mean(self.likelihood.log_probability(parameters, clean))
            loss = reconstruction + self.cost(divergence)
        gradients = tape.gradient(loss, self.learning)
        norm = self.adam.apply(gradients, self.learning)
        fitted = self.after_step(ops.shape(images)[0], latent)
        watched = {"gradient_norm": norm} | self.watch(encoded, divergence) | fitted
        return {"loss": loss, "reconstruction_loss": reconstruction} | watched

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Losses on held-out `image` in nats per image, with fixed noise. Changes nothing."""
        images = batch["image"]
        clean = self.targets(0.5 * images + 0.5, 2)
        inputs = 2.0 * self.corrupted(clean, 0) - 1.0
        encoded = self.used_encoder(inputs, training=False)
        latent, divergence = self.bottleneck(encoded, noise_seed=1)
        parameters = self.used_decoder(latent, training=False)
        reconstruction = -ops.mean(self.likelihood.log_probability(parameters, clean))
        total = reconstruction + ops.mean(ops.sum(divergence, axis=-1))
        return {"loss": total, "reconstruction_loss": reconstruction} | self.watch(encoded, divergence)

    def after_step(self, batch: tf.Tensor, latent: tf.Tensor) -> dict[str, tf.Tensor]:
        """Update the EMA of both networks, and the prior; returns metrics."""
        steps, horizon = self.adam.iterations, self.recipe.average_images
        update_average(self.used_encoder, self.encoder, batch, steps, horizon)
        update_average(self.used_decoder, self.decoder, batch, steps, horizon)
        return self.update_prior(latent, share_kept(batch, steps, MOMENTS_HORIZON_IMAGES))

    # Use.

    def encode(self, images: np.ndarray) -> np.ndarray:
        """Latents float32 `[count, latent_dim]` of images `[count, height, width, channels]`, uint8 or in [0, 1]."""
        return self.mean_latent(outputs_of(self.encoding, as_brightness(images)))

    def encodings(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """All encoder outputs for images, uint8 or in [0, 1]: float32 `[count, latent_dim]` by name."""
        encoded = outputs_of(self.encoding, as_brightness(images))
        return dict(zip(self.encoder_outputs, keras.tree.flatten(encoded), strict=True))

    def decode(self, latents: np.ndarray, condition: Any = None) -> np.ndarray:
        """Decode latents to images; see `LatentModel.decode`."""
        self.refuse_condition(condition)
        return outputs_of(self.decoding, latents)

    @property
    def takes(self) -> Pictures:
        """Pictures of the recipe's size."""
        return self.gives

    def transform(self, inputs: np.ndarray, seed: int = 0, condition: Any = None) -> np.ndarray:
        """Reconstruct; nothing is sampled. See `reconstruct`."""
        self.refuse_condition(condition)
        return self.reconstruct(inputs)

    def reconstruct(self, images: np.ndarray) -> np.ndarray:
        """Reconstruct images `[count, height, width, channels]`, uint8 or in [0, 1]: float32 in [0, 1].

        A denoiser takes them as given: corrupt clean ones first to see it work.
        """
        return self.decode(self.encode(images))

    def side_by_side(self, images: np.ndarray) -> np.ndarray:
        """Each image, for a denoiser its corrupted input, and its reconstruction, stacked.

        Returns:
            float32 `[count, 2 or 3, height, width, channels]` in [0, 1].
        """
        columns = [as_brightness(images)]
        if self.recipe.corruption.is_on:
            columns.append(ops.convert_to_numpy(self.corrupted(columns[0], 0)))
        return np.stack([*columns, self.reconstruct(columns[-1])], axis=1)

    def previews(self, source: Any) -> dict[str, Preview]:
        """Samples, interpolations, reconstructions of held-out images, and latent traversals."""
        shown, titles = source.shown("validation", PREVIEWED_RECONSTRUCTIONS)
        pairs = self.side_by_side(shown)
        pictures: dict[str, Preview] = {
            "samples": grid(self.generate(64)),
            "interpolation": rows_of(self.interpolate(frames=8, rows=4)),
            "reconstructions": rows_with_captions(pairs, titles, columns=4),
        }
        return pictures | self.latent_pictures(self.activity(source.inputs("validation", PREVIEWED_ENCODINGS)))

    def latent_pictures(self, activity: np.ndarray) -> dict[str, Preview]:
        """Previews of the latent dimensions, given how much each is used, `[latent_dim]`."""
        moved = traversals(self, most_active(activity, PREVIEWED_DIMENSIONS))
        pictures: dict[str, Preview] = {"traversals": rows_of(moved)}
        if self.latent_dim == 2:
            pictures["latent_map"] = rows_of(plane(self, across=0, upwards=1, side=PREVIEWED_MAP_SIDE))
        return pictures

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`encode`, `decode`, `reconstruct` and `score`."""
        image = keras.Input(self.image_shape, name="image")
        reconstruct = keras.Model(image, self.decoding(self.mean_latent(self.encoding(image))), name="reconstruct")
        images = {"image": TensorSpec(self.image_shape, IMAGE)}
        latents = {"latent": TensorSpec((self.latent_dim,), self.latent_meaning)}
        encoded = {name: TensorSpec((self.latent_dim,), meaning) for name, meaning in self.encoder_outputs.items()}
        noise = {"noise": TensorSpec((self.latent_dim,), "standard normal numbers, or 0 for the mean")}
        scored = images if len(self.scoring.inputs) == 1 else images | noise

        def ordinary(count: int, seed: int) -> dict[str, np.ndarray]:
            return {"image": self.example_images(source, count, seed)}

        def strange(count: int, seed: int) -> dict[str, np.ndarray]:
            return {"image": self.takes.strange(self.example_images(source, count, seed), seed)}

        def with_noise(images_of: Examples) -> Examples:
            def examples(count: int, seed: int) -> dict[str, np.ndarray]:
                normal = np.random.default_rng(seed).standard_normal((count, self.latent_dim), dtype=np.float32)
                made = images_of(count, seed) | {"noise": normal}
                return {name: made[name] for name in scored}

            return examples

        def latent_examples(count: int, seed: int) -> dict[str, np.ndarray]:
            return {"latent": self.latents(count, seed)}

        score = {"score": TensorSpec((), self.score_meaning)}
        return {
            "encode": Signature(self.encoding, images, encoded, ordinary, strange=strange),
            "decode": Signature(self.decoding, latents, images, latent_examples),
            "reconstruct": Signature(reconstruct, images, images, ordinary, strange=strange),
            "score": Signature(self.scoring, scored, score, with_noise(ordinary), strange=with_noise(strange)),
        }

    def page(self, source: Any = None) -> list[Panel]:
        """Panels that reconstruct pictures with their anomaly score, and that generate."""
        return [reconstructing_panel(self, source), self.drawing_panel(self.drawn_by)]

    def example_images(self, source: Any, count: int, seed: int) -> np.ndarray:
        """Typical inputs: training images, corrupted for a denoiser; samples without a source."""
        if source is None:
            return ops.convert_to_numpy(self.corrupted(self.generate(count, seed), seed))
        return ops.convert_to_numpy(self.corrupted(some_of(source.train.images, count, seed), seed))
