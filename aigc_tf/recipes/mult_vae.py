"""The variational autoencoder of what users like, with a multinomial likelihood (000 §3.10.5)."""

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
    """Mult-VAE: what a user likes is drawn from one multinomial distribution (Liang et al. 2018)."""

    model: ClassVar[str] = "aigc_tf.families.recommendation.mult_vae:MultVAE"
    networks: ClassVar[Mapping[str, str]] = {
        "encoder": "aigc_tf.families.recommendation.networks:encoder",
        "decoder": "aigc_tf.families.recommendation.networks:decoder",
    }

    steps: PositiveInt = 600
    batch_size: PositiveInt = 64
    optimizer: AdamSettings = AdamSettings(learning_rate=2e-3)
    weight_decay: NonNegativeFloat = 0.0
    """Of matrices, in each step times the learning rate (Loshchilov & Hutter 2019)."""
    units: tuple[PositiveInt, ...] = ()
    """Of the encoder's hidden layers; the decoder has them in reverse. None: both are one matrix, which is what some
    hundred users suffice for; for tens of thousands the paper has 600."""
    latent_dim: PositiveInt = 200
    """Length of the latent vector."""
    dropout: ProperFraction = 0.5
    """Share of the liked items that a training step hides from the encoder."""
    beta: NonNegativeFloat = 1.0
    """Weight of the KL divergence in the end (Liang et al. 2018, eq. 5; 0.2 there)."""
    annealing_steps: NonNegativeInt = 300
    """The weight grows from 0 to beta over so many steps."""

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            batch_size=16, units=(8,), latent_dim=4, ratings=RatingSettings(), export_limits=RankingLimits.tiny()
        )
