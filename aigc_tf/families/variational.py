"""What every variational autoencoder can be asked, whatever it encodes: its posterior, and importance weights."""

from __future__ import annotations

import abc
from typing import Any

from keras import ops

from aigc_tf.nn.variational import Posterior


class Variational(abc.ABC):
    """A model with p(x | z), a standard normal prior of z, and a posterior q(z | x)."""

    latent_dim: int
    """Length of the latent vector."""

    @abc.abstractmethod
    def posterior_of(self, inputs: Any) -> Posterior:
        """q(z | x) of a batch of examples, as tensors, at inference.

        Args:
            inputs: `[batch, ...]` as the model's log-likelihood takes them.
        """

    @abc.abstractmethod
    def log_likelihood(self, inputs: Any, latents: Any) -> Any:
        """log p(x | z) of each example given its latent, in nats, at inference: `[batch]`.

        Args:
            inputs: `[batch, ...]`.
            latents: `[batch, latent_dim]`.
        """

    def log_importance_weights(self, inputs: Any, noise: Any) -> Any:
        """log p(x, z) - log q(z | x) in nats for draws z from the posterior (Burda et al. 2016, eq. 8).

        Args:
            inputs: `[batch, ...]`: what is encoded and what is explained.
            noise: standard normal numbers `[samples, batch, latent_dim]`.

        Returns:
            `[samples, batch]`; the mean over samples is the evidence lower bound (ELBO).
        """
        samples, batch = noise.shape[0], noise.shape[1]
        posterior = self.posterior_of(inputs)
        latents = posterior.at(noise)
        repeated = ops.tile(inputs, (samples, *[1] * (len(inputs.shape) - 1)))
        explained = self.log_likelihood(repeated, ops.reshape(latents, (samples * batch, self.latent_dim)))
        return ops.reshape(explained, (samples, batch)) + posterior.log_prior_ratio(latents, noise)
