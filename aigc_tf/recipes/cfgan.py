"""CFGAN, the GAN recommender that 000 §3.10.5 asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.recommendation import RankingLimits, RecommendationRecipe
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CFGAN(RecommendationRecipe):
    """CFGAN with zero reconstruction and partial masking (Chae et al. 2018, ZP): generates whole vectors of likes.

    Its discriminator tells generated vectors from users' real ones, given the user.
    """

    model: ClassVar[str] = "aigc_tf.families.recommendation.cfgan:CollaborativeGAN"
    networks: ClassVar[Mapping[str, str]] = {
        "generator": "aigc_tf.families.recommendation.networks:generator",
        "discriminator": "aigc_tf.families.recommendation.networks:discriminator",
    }

    steps: PositiveInt = 1000
    batch_size: PositiveInt = 128
    optimizer: AdamSettings = AdamSettings(learning_rate=5e-3)
    """Optimizer of the generator."""
    discriminator_optimizer: AdamSettings = AdamSettings(learning_rate=5e-4)
    """Optimizer of the discriminator."""
    weight_decay: NonNegativeFloat = 0.0
    """Decoupled weight decay of matrices, scaled by the learning rate (Loshchilov & Hutter 2019)."""
    units: PositiveInt = 200
    """Units of the generator's hidden layer."""
    discriminator_units: PositiveInt = 100
    """Units of the discriminator's hidden layer."""
    discriminator_steps: PositiveInt = 1
    """Updates of the discriminator per training step."""
    dropout: ProperFraction = 0.5
    """Share of the liked items hidden from the generator during training; 0 in the paper, whose users are known."""
    masked: ProperFraction = 0.05
    """Share of the items not liked that the discriminator sees as well (partial masking, eq. 5)."""
    zeros: ProperFraction = 0.1
    """Share of the items not liked whose value is pulled towards 0 (zero reconstruction, eq. 4)."""
    zero_weight: NonNegativeFloat = 0.1
    """α, weight of the zero-reconstruction loss."""

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(batch_size=16, units=8, discriminator_units=8, export_limits=RankingLimits.tiny())
