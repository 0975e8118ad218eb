"""The variational autoencoder of returns whose latent determines their volatility path."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aigc_tf.data.series.source import Scaling
from aigc_tf.data.source import Batch
from aigc_tf.families.base import Signature, TensorSpec
from aigc_tf.families.bound import BoundLearner
from aigc_tf.families.latent import averaged, outputs_of, update_average
from aigc_tf.families.returns.model import ReturnModel
from aigc_tf.nn.layers import GaussianSample
from aigc_tf.nn.likelihoods import free_log_scale, gaussian_log_density, log_scale
from aigc_tf.nn.optimizers import adam
from aigc_tf.recipes.returns import Returns as Recipe

PATHS = 2_000
"""Number of volatility paths that a forecast averages over."""


def log_deviations(free: Any) -> Any:
    """log σ_t of standardised returns from the decoder's output; 0 before training."""
    return log_scale(free + free_log_scale(1.0))


class VolatilityVAE(BoundLearner, ReturnModel):
    """A VAE of windows of returns, p(r | z) = Π N(r_t; μ_t(z), σ_t(z)²), a mixture over volatility paths.

    Such mixtures have fat tails and volatility clustering.

    Args:
        recipe: its objective, optimizer and seed.
        encoder: standardised returns `[batch, length, 1]` -> mean and log variance `[batch, latent_dim]`.
        decoder: latents -> `[batch, 2 * length]`; see `networks.decoder`.
        scaling: of the returns.
    """

    recipe: Recipe

    def __init__(self, recipe: Recipe, encoder: keras.Model, decoder: keras.Model, scaling: Scaling) -> None:
        super().__init__(recipe, scaling)
        self.encoder, self.decoder = encoder, decoder
        self.sampler = averaged(decoder, recipe.average_windows)
        self.sample = GaussianSample(recipe.seed, name="sample")
        self.adam = adam(recipe.optimizer, self.both)
        self.ready()

    def nats(self, parameters: Any, examples: Any) -> Any:
        """-log p(returns | z), a density: `[batch]`."""
        return -gaussian_log_density(examples[..., 0], parameters[:, 0::2], log_deviations(parameters[:, 1::2]))

    def train_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """Update both networks on `series`, standardised windows `[batch, length, 1]`."""
        windows = batch["series"]
        logs = self.bound_step(windows, windows)
        horizon = self.recipe.average_windows
        update_average(self.sampler, self.decoder, ops.shape(windows)[0], self.adam.iterations, horizon)
        return logs

    def test_step(self, batch: Batch) -> dict[str, tf.Tensor]:
        """See `BoundLearner.held_out_bound`, of `series`."""
        return self.held_out_bound(batch["series"])

    def normal(self, count: int, random: np.random.Generator) -> dict[str, np.ndarray]:
        """`latent`."""
        return {"latent": random.standard_normal((count, self.recipe.latent_dim), dtype=np.float32)}

    def windows_of(self, outputs: dict[str, np.ndarray], random: np.random.Generator) -> np.ndarray:
        """Sample windows from means, deviations and normal noise."""
        noise = random.standard_normal(outputs["mean"].shape)
        return self.scaling.restore((outputs["mean"] + outputs["deviation"] * noise)[..., None])

    def drawer(self) -> keras.Model:
        """Latents -> the mean and the standard deviation of each day, standardised."""
        latent = keras.Input((self.recipe.latent_dim,), name="latent")
        parameters = self.sampler(latent)
        deviation = ops.exp(log_deviations(parameters[:, 1::2]))
        return keras.Model(latent, [parameters[:, 0::2], deviation], name="generate")

    def courses(self, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Means and deviations of `PATHS` samples of the prior, each float64 `[paths, length]`, in percent."""
        latents = self.normal(PATHS, np.random.default_rng(seed))["latent"]
        mean, deviation = (part.astype(np.float64) for part in outputs_of(self.drawer(), latents))
        return self.scaling.restore(mean), deviation * self.scaling.deviation

    def next_day(self, before: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Forecast of the day after some returns: a mixture of normal distributions for each row.

        Importance sampling of p(z | returns): paths from the prior, weighted by the likelihood of the observed returns.

        Args:
            before: the returns of the `length - 1` days before, float64 `[rows, length - 1]`, in percent.
            seed: of the paths.

        Returns:
            Weights `[rows, paths]` that sum to 1, and means and deviations of the next day, `[paths]` each.
        """
        means, deviations = self.courses(seed)
        seen_means, seen = means[:, :-1], deviations[:, :-1]
        inverse = 1 / seen**2
        # Σ_t (r_t - μ_t)² / σ_t², for all rows and paths, as products of matrices.
        squares = before**2 @ inverse.T - 2 * before @ (seen_means * inverse).T + (seen_means**2 * inverse).sum(axis=1)
        logs = -0.5 * squares - np.log(seen).sum(axis=1)
        weights = np.exp(logs - logs.max(axis=1, keepdims=True))
        return weights / weights.sum(axis=1, keepdims=True), means[:, -1], deviations[:, -1]

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """`generate`: latents -> mean and deviation of each day's return, to which a program adds noise."""

        def examples(count: int, seed: int) -> dict[str, np.ndarray]:
            return self.normal(count, np.random.default_rng(seed))

        inputs = {"latent": TensorSpec((self.recipe.latent_dim,), "independent standard normal numbers")}
        outputs = {
            "mean": TensorSpec((self.length,), "of the standardised daily log return"),
            "deviation": TensorSpec((self.length,), "of the normal noise around it"),
        }
        return {"generate": Signature(self.drawer(), inputs, outputs, examples)}
