"""Base classes of variational autoencoders of any modality: posterior, ELBO, and importance weights.

Examples are network inputs, prepared from inputs in the form of users and modalities.
"""

from __future__ import annotations

import abc
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.families.tasks import Encodes
from aigc_tf.nn.layers import GaussianSample
from aigc_tf.nn.variational import Objective, Posterior, kl_cost


class Variational(Encodes):
    """A model with p(x | z), a standard normal prior of z, and a posterior q(z | x)."""

    @abc.abstractmethod
    def prepared(self, inputs: Any) -> np.ndarray:
        """Convert inputs of the modality `takes` to examples `[count, ...]`."""

    @abc.abstractmethod
    def posterior_of(self, examples: Any) -> Posterior:
        """q(z | x) of a batch of examples `[batch, ...]`, as tensors, at inference."""

    @abc.abstractmethod
    def posterior(self, examples: np.ndarray) -> Posterior:
        """The same for any number of examples, as arrays."""

    @abc.abstractmethod
    def log_likelihood(self, examples: Any, latents: Any) -> Any:
        """log p(x | z) of each example given its latent, in nats, at inference: `[batch]`.

        Args:
            examples: `[batch, ...]`.
            latents: `[batch, latent_dim]`.
        """

    def encode(self, inputs: Any) -> np.ndarray:
        """The posterior means of inputs, float32 `[count, latent_dim]`."""
        return self.posterior(self.prepared(inputs)).mean

    def encodings(self, inputs: Any) -> dict[str, np.ndarray]:
        """`mean` and `log_variance` of the posteriors of inputs: float32 `[count, latent_dim]`."""
        return self.posterior(self.prepared(inputs))._asdict()

    def activity(self, inputs: Any) -> np.ndarray:
        """Activity of each latent dimension: the mean KL divergence in nats, `[latent_dim]`."""
        return ops.convert_to_numpy(ops.mean(self.posterior(self.prepared(inputs)).divergence(), axis=0))

    def log_importance_weights(self, examples: Any, noise: Any) -> Any:
        """log p(x, z) - log q(z | x) in nats for samples z of the posterior (Burda et al. 2016, eq. 8).

        Args:
            examples: `[batch, ...]`, both inputs and targets.
            noise: standard normal noise `[samples, batch, latent_dim]`.

        Returns:
            `[samples, batch]`; the mean over samples is the evidence lower bound (ELBO).
        """
        samples, batch = noise.shape[0], noise.shape[1]
        posterior = self.posterior_of(examples)
        latents = posterior.at(noise)
        repeated = ops.tile(examples, (samples, *[1] * (len(examples.shape) - 1)))
        explained = self.log_likelihood(repeated, ops.reshape(latents, (samples * batch, self.latent_dim)))
        return ops.reshape(explained, (samples, batch)) + posterior.log_prior_ratio(latents, noise)


class VariationalSequences(Variational):
    """A VAE of sequences of symbols or numbers."""

    recipe: Objective
    encoder: keras.Model
    """Examples -> mean and log variance, `[batch, latent_dim]` each."""
    sample: GaussianSample
    adam: keras.optimizers.Optimizer

    @abc.abstractmethod
    def nats(self, examples: Any, latents: Any, training: bool) -> Any:
        """-log p(x | z) of each example given its latent: `[batch]`.

        Args:
            examples: `[batch, ...]`.
            latents: `[batch, latent_dim]`.
            training: whether this is a training step.
        """

    def log_likelihood(self, examples: Any, latents: Any) -> Any:
        """log p(x | z); see `nats`."""
        return -self.nats(examples, latents, training=False)

    def posterior_of(self, examples: Any) -> Posterior:
        """q(z | x), as tensors, at inference."""
        return Posterior(*self.encoder(examples, training=False))

    @cached_property
    def compiled_posterior(self) -> Any:
        """`posterior_of`, compiled at its first call."""
        return tf.function(self.posterior_of, reduce_retracing=True)

    def posterior(self, examples: np.ndarray) -> Posterior:
        """q(z | x), as arrays float32 `[count, latent_dim]`."""
        found = self.compiled_posterior(tf.constant(examples, self.encoder.inputs[0].dtype))
        return Posterior(*(part.numpy() for part in found))

    def training_losses(self, examples: Any) -> dict[str, Any]:
        """`loss`, the training loss, its `reconstruction_loss`, and further metrics of a batch."""
        posterior = Posterior(*self.encoder(examples, training=True))
        reconstruction = ops.mean(self.nats(examples, self.sample(*posterior), training=True))
        loss = reconstruction + kl_cost(posterior.divergence(), self.adam.iterations, self.recipe)
        return {"loss": loss, "reconstruction_loss": reconstruction} | posterior.watch()

    def held_out_losses(self, examples: Any) -> dict[str, Any]:
        """`loss`, the negative ELBO of held-out examples, and its terms.

        With one fixed posterior sample each; changes nothing.
        """
        posterior = self.posterior_of(examples)
        latents = posterior.at(keras.random.normal(ops.shape(posterior.mean), seed=0))
        reconstruction = ops.mean(self.nats(examples, latents, training=False))
        divergence = ops.mean(ops.sum(posterior.divergence(), axis=-1))
        return {"loss": reconstruction + divergence, "reconstruction_loss": reconstruction, "kl": divergence}
