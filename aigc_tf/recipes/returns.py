"""A variational autoencoder of daily returns, whose latent encodes the path of their volatility (002 §6.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.finance import ReturnExportLimits, ReturnRecipe, ReturnSettings
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Returns(ReturnRecipe):
    """Stochastic-volatility VAE of daily returns: a decoder maps a latent to the volatility of each day of a window."""

    model: ClassVar[str] = "aigc_tf.families.returns.vae:VolatilityVAE"
    networks: ClassVar[Mapping[str, str]] = {
        "encoder": "aigc_tf.families.returns.networks:encoder",
        "decoder": "aigc_tf.families.returns.networks:decoder",
    }
    evaluators: ClassVar[tuple[str, ...]] = (
        *ReturnRecipe.evaluators,
        "aigc_tf.metrics.returns.forecasts:VolatilityForecasts",
    )
    chooses: ClassVar[str] = "aigc_tf.metrics.held_out:HeldOutLoss"

    steps: PositiveInt = 1_500
    batch_size: PositiveInt = 64
    optimizer: AdamSettings = AdamSettings(learning_rate=1e-3, clip_norm=5.0)
    latent_dim: PositiveInt = 8
    """Length of the latent vector."""
    beta: NonNegativeFloat = 1.0
    """Weight of the KL divergence; 1 gives the evidence lower bound (ELBO)."""
    annealing_steps: NonNegativeInt = 300
    """KL annealing: steps over which the weight rises from 0 to beta (Bowman et al. 2016, §3.1)."""

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            returns=ReturnSettings(length=16),
            batch_size=8,
            filters=4,
            latent_dim=2,
            export_limits=ReturnExportLimits.tiny(),
        )
