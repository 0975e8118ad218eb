"""The variational autoencoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.families.autoencoder.learnt_prior import Couplings, StandardPrior
from aigc_tf.families.autoencoder.model import Autoencoder
from aigc_tf.families.base import Signature, TensorSpec
from aigc_tf.families.latent import outputs_of
from aigc_tf.families.latent_space import standard_normal
from aigc_tf.families.variational import Variational
from aigc_tf.modalities.base import Preview
from aigc_tf.modalities.drawing import bars
from aigc_tf.modalities.pictures import as_brightness
from aigc_tf.nn import replicas
from aigc_tf.nn.layers import GaussianSample
from aigc_tf.nn.optimizers import adam
from aigc_tf.nn.variational import Posterior, kl_cost
from aigc_tf.recipes.autoencoders import VariationalRecipe

MOMENTS_DRAWS = 1000


class VAE(Variational, Autoencoder):
    """A variational autoencoder with normal posteriors and a standard normal prior (Kingma & Welling 2014).

    With `prior.couplings` in the recipe, latents are sampled from a second, learnt prior (Dai & Wipf 2019, §4), which
    fits the aggregated posterior; that only approximates the standard normal prior. It is trained alongside the
    networks without affecting them, and is not part of the bound.

    Args:
        recipe: its objective, optimizer, likelihood, corruption, EMA and seed.
        encoder: images `[batch, height, width, channels]` in [-1, 1] -> mean and log variance, each
            `[batch, latent_dim]`.
        decoder: latents `[batch, latent_dim]` -> the likelihood's parameters `[batch, height, width, parameters]`.
    """

    encoder_outputs: Mapping[str, str] = {
        "mean": "of the latent given the image",
        "log_variance": "of the same, natural logarithm",
    }
    latent_meaning = "independent standard normal numbers, or a mean from `encode`"
    recipe: VariationalRecipe

    def __init__(self, recipe: VariationalRecipe, encoder: keras.Model, decoder: keras.Model) -> None:
        super().__init__(recipe, encoder, decoder)
        # Not the corruption's seed, which would give the same random numbers.
        self.sample = GaussianSample(recipe.seed ^ 1, name="sample")

    # The prior.

    def make_prior(self) -> None:
        """Create the learnt prior with its optimizer and EMA; without couplings in the recipe the prior is fixed."""
        settings, seed = self.recipe.prior, self.recipe.seed
        self.has_learnt_prior = settings.couplings > 0
        if not self.has_learnt_prior:
            return
        self.flow, self.used_flow = (Couplings(self.latent_dim, settings, seed) for _ in range(2))
        self.used_flow.trainable = False
        self.prior_adam = adam(settings.optimizer, self.flow.trainable_variables)
        normal = keras.Input((self.latent_dim,), name="latent")
        self.drawing = keras.Model(normal, self.used_flow.inverse(normal), name="draw")
        self.drawn_by, self.latent_meaning = "generate", "a mean from `encode`, or a latent computed by `generate`"

    @property
    def optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """The optimizers of both networks and of a learnt prior."""
        return super().optimizers | ({"prior_optimizer": self.prior_adam} if self.has_learnt_prior else {})

    def update_prior(self, latent: tf.Tensor, keep: tf.Tensor) -> dict[str, tf.Tensor]:
        """Fit a learnt prior to a batch of latents: `prior_loss` is their -log p(z), in nats per image."""
        if not self.has_learnt_prior:
            return {}
        weights = self.flow.trainable_variables
        with tf.GradientTape() as tape:
            loss = ops.mean(self.flow.nats(ops.stop_gradient(latent)))
        self.prior_adam.apply(tape.gradient(loss, weights), weights)
        for average, current in zip(self.used_flow.weights, self.flow.weights, strict=True):
            average.assign(current + keep * (average - current))
        return {"prior_loss": loss}

    def prior(self) -> None:
        """None, for the standard normal distribution, which is also the base of a learnt prior."""
        return

    def from_normal(self, normal: np.ndarray) -> np.ndarray:
        """Standard normal noise `[..., latent_dim]` -> samples of the prior, float32 of the same shape."""
        if not self.has_learnt_prior:
            return super().from_normal(normal)
        rows = normal.reshape(-1, self.latent_dim).astype("float32")
        return outputs_of(self.drawing, rows).reshape(normal.shape)

    @property
    def other_samplers(self) -> dict[str, StandardPrior]:
        """What samples of a learnt prior are compared with in evaluation, by name."""
        return {"standard normal latents": StandardPrior(self)} if self.has_learnt_prior else {}

    def latent_moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the prior; for a learnt prior, of some samples."""
        if not self.has_learnt_prior:
            return super().latent_moments()
        drawn = self.latents(MOMENTS_DRAWS, seed=0)
        return drawn.mean(axis=0), drawn.std(axis=0)

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """Those of every autoencoder, and with a learnt prior `generate`, which samples from it."""
        found = super().signatures(source)
        if self.has_learnt_prior:
            normal = keras.Input((self.latent_dim,), name="latent")
            network = keras.Model(normal, self.decoding(self.drawing(normal)), name="generate")
            inputs = {"latent": TensorSpec((self.latent_dim,), "independent standard normal numbers")}

            def examples(count: int, seed: int) -> dict[str, np.ndarray]:
                return {"latent": standard_normal((count, self.latent_dim), seed)}

            found["generate"] = Signature(network, inputs, found["decode"].outputs, examples)
        return found

    # The bound.

    def bottleneck(self, encoded: Any, noise_seed: int | None = None) -> tuple[tf.Tensor, tf.Tensor]:
        """A sample of the posterior, and its KL divergence from the prior; see `Autoencoder.bottleneck`."""
        posterior = Posterior(*encoded)
        noise = None if noise_seed is None else keras.random.normal(ops.shape(posterior.mean), seed=noise_seed)
        return self.sample(*posterior, noise), posterior.divergence()

    def cost(self, divergence: tf.Tensor) -> tf.Tensor:
        """Beta times the KL divergence, with the recipe's annealing, free bits or capacity."""
        objective, steps = self.recipe, self.adam.iterations
        if objective.capacity is None:
            return kl_cost(divergence, steps, objective)
        grown = ops.minimum(ops.cast(steps, "float32") / objective.capacity_steps, 1.0)
        whole = replicas.mean(ops.sum(ops.mean(divergence, axis=0)))
        return objective.beta * ops.abs(whole - objective.capacity * grown)

    def watch(self, encoded: Any, divergence: tf.Tensor) -> dict[str, tf.Tensor]:
        """The KL divergence in nats per image, and the number of active latent dimensions."""
        return Posterior(*encoded).watch()

    def mean_latent(self, encoded: Any) -> Any:
        """The posterior's mean."""
        return encoded[0]

    def latent_pictures(self, activity: np.ndarray) -> dict[str, Preview]:
        """Those of every autoencoder, and the KL divergence of each latent dimension."""
        labels = ("latent dimension, the most used first", "KL divergence, nats per image")
        return super().latent_pictures(activity) | {"kl_by_dimension": bars(np.sort(activity)[::-1], *labels)}

    def prepared(self, inputs: np.ndarray) -> np.ndarray:
        """Convert images, uint8 or in [0, 1], to float32 in [0, 1]."""
        return as_brightness(inputs)

    def posterior(self, examples: np.ndarray) -> Posterior:
        """Posterior of images `[count, height, width, channels]` in [0, 1], as arrays float32 `[count, latent_dim]`."""
        return Posterior(*outputs_of(self.encoding, examples))

    def scoring_network(self) -> keras.Model:
        """Image and noise -> the anomaly score, the single-sample bound's gap to its best value, `[batch]`."""
        image, noise = keras.Input(self.image_shape, name="image"), keras.Input((self.latent_dim,), name="noise")
        posterior = Posterior(*self.encoding(image))
        parameters = self.used_decoder(posterior.at(noise))
        divergence = ops.sum(posterior.divergence(), axis=-1)
        score = divergence + self.likelihood.shortfall(parameters, image)
        return keras.Model([image, noise], score, name="score")

    def posterior_of(self, examples: tf.Tensor) -> Posterior:
        """Of images `[batch, height, width, channels]` in [0, 1]."""
        return Posterior(*self.encoding(examples))

    def log_likelihood(self, examples: tf.Tensor, latents: tf.Tensor) -> tf.Tensor:
        """Of images `[batch, height, width, channels]` in [0, 1]."""
        return self.likelihood.log_probability(self.used_decoder(latents, training=False), examples)
