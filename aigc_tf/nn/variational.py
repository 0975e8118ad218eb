"""The variational part of an autoencoder: posterior, KL divergence and its cost, active units, importance weights.

The prior is the standard normal distribution, the posterior q(z | x) a diagonal normal distribution.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import keras
from keras import ops

from aigc_tf.nn import replicas

ACTIVE_VARIANCE = 0.01
"""Variance of its posterior mean over examples above which a dimension is active (Burda et al. 2016, §5.2)."""


class Objective(Protocol):
    """A recipe's settings for the KL divergence's cost."""

    @property
    def beta(self) -> float:
        """The final weight of the cost."""

    @property
    def annealing_steps(self) -> int:
        """Updates until beta reaches its final value."""

    @property
    def free_bits(self) -> float:
        """Nats per dimension that cost nothing."""


class Posterior(NamedTuple):
    """q(z | x) = N(mean, exp(log_variance)) for each example; tensors or arrays."""

    mean: Any
    """`[batch, latent_dim]`."""
    log_variance: Any
    """`[batch, latent_dim]`, natural logarithm."""

    def at(self, noise: Any) -> Any:
        """Latents mean + deviation * noise, reparameterised (Kingma & Welling 2014, §2.4).

        Args:
            noise: standard normal numbers `[..., batch, latent_dim]`.
        """
        return self.mean + ops.exp(0.5 * self.log_variance) * noise

    def divergence(self) -> Any:
        """KL divergence from the prior in each dimension, in nats: `[batch, latent_dim]`; see `gaussian_kl`."""
        return gaussian_kl(self.mean, self.log_variance)

    def log_prior_ratio(self, latents: Any, noise: Any) -> Any:
        """log p(z) - log q(z | x) in nats, a part of importance weights (Burda et al. 2016, eq. 8).

        The constants of both densities are the same.

        Args:
            latents: `at(noise)`, `[samples, batch, latent_dim]`.
            noise: that gave them.

        Returns:
            `[samples, batch]`.
        """
        return 0.5 * ops.sum(ops.square(noise) - ops.square(latents) + self.log_variance, axis=-1)

    def watch(self) -> dict[str, Any]:
        """Metrics of a batch: `kl`, nats per example, and `active_units`, the number of latent dimensions in use."""
        return {"kl": ops.mean(ops.sum(self.divergence(), axis=-1)), "active_units": active_units(self.mean)}


def active_units(mean: Any) -> Any:
    """Number of active latent dimensions, given posterior means `[count, latent_dim]`; a float scalar."""
    return ops.sum(ops.cast(ops.var(mean, axis=0) > ACTIVE_VARIANCE, "float32"))


def gaussian_kl(mean: keras.KerasTensor, log_variance: keras.KerasTensor) -> keras.KerasTensor:
    """KL divergence of N(mean, variance) from N(0, 1) in each dimension (Kingma & Welling 2014, appendix B), in nats.

    Args:
        mean: `[batch, latent_dim]`.
        log_variance: `[batch, latent_dim]`.

    Returns:
        `[batch, latent_dim]`; their sum over the dimensions is the divergence of the whole.
    """
    return 0.5 * (ops.square(mean) + ops.exp(log_variance) - 1.0 - log_variance)


def kl_cost(divergence: keras.KerasTensor, steps: keras.KerasTensor, objective: Objective) -> keras.KerasTensor:
    """The KL term of the training loss, in nats per example.

    Args:
        divergence: `[batch, latent_dim]`, in nats.
        steps: training steps so far.
        objective: `beta`, the weight (Higgins et al. 2017); `annealing_steps`, over which it grows from 0 (Bowman et
            al. 2016, §3.1); `free_bits`, nats of each dimension, averaged over the batch, that cost nothing (Kingma
            et al. 2016, eq. 15).
    """
    by_dimension = ops.mean(divergence, axis=0)
    if objective.free_bits:
        by_dimension = ops.maximum(replicas.mean(by_dimension), objective.free_bits)
    return kl_weight(steps, objective.beta, objective.annealing_steps) * ops.sum(by_dimension)


def kl_weight(steps: keras.KerasTensor, beta: float, annealing_steps: int) -> keras.KerasTensor | float:
    """Annealed beta: it grows from 0 over some steps (Bowman et al. 2016, §3.1).

    Args:
        steps: training steps so far.
        beta: the weight (Higgins et al. 2017).
        annealing_steps: over which it grows; 0 for none.
    """
    return beta * ops.minimum(ops.cast(steps, "float32") / annealing_steps, 1.0) if annealing_steps else beta
