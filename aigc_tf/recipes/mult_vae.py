"""The variational autoencoder for recommendation, with a multinomial likelihood (000 §3.10.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.recommendation import RankingLimits, RatingSettings, RecommendationRecipe
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MultVAE(RecommendationRecipe):
    """Mult-VAE recommender: a VAE of the items that a user likes, with a multinomial likelihood (Liang et al. 2018)."""

    model: ClassVar[str] = "aigc_tf.families.recommendation.mult_vae:MultVAE"
    networks: ClassVar[Mapping[str, str]] = {
        "encoder": "aigc_tf.families.recommendation.networks:encoder",
        "decoder": "aigc_tf.families.recommendation.networks:decoder",
    }

    steps: PositiveInt = 600
    batch_size: PositiveInt = 64
    optimizer: AdamSettings = AdamSettings(learning_rate=2e-3)
    weight_decay: NonNegativeFloat = 0.0
    """Decoupled weight decay of matrices, scaled by the learning rate (Loshchilov & Hutter 2019)."""
    units: tuple[PositiveInt, ...] = ()
    """Units of the encoder's hidden layers; the decoder has them in reverse. Empty: both are a single matrix, which
    suits some hundred users; for tens of thousands the paper has 600."""
    latent_dim: PositiveInt = 200
    """Length of the latent vector."""
    dropout: ProperFraction = 0.5
    """Share of the liked items hidden from the encoder during training."""
    beta: NonNegativeFloat = 1.0
    """Final weight of the KL divergence (Liang et al. 2018, eq. 5; 0.2 there)."""
    annealing_steps: NonNegativeInt = 300
    """KL annealing: steps over which the weight rises from 0 to beta."""

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            batch_size=16, units=(8,), latent_dim=4, ratings=RatingSettings(), export_limits=RankingLimits.tiny()
        )
