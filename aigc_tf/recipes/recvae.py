"""RecVAE: Mult-VAE with a composite prior, whose encoder and decoder are trained alternately."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.recommendation import RankingLimits, RecommendationRecipe
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RecVAE(RecommendationRecipe):
    """RecVAE recommender (Shenbin et al. 2020): a VAE with a composite prior that includes its previous posterior.

    The encoder is a densely connected network, the decoder a single matrix.
    """

    model: ClassVar[str] = "aigc_tf.families.recommendation.recvae:RecVAE"
    networks: ClassVar[Mapping[str, str]] = {
        "encoder": "aigc_tf.families.recommendation.networks:dense_encoder",
        "before": "aigc_tf.families.recommendation.networks:dense_encoder",
        "decoder": "aigc_tf.families.recommendation.networks:linear_decoder",
    }

    steps: PositiveInt = 1000
    batch_size: PositiveInt = 64
    optimizer: AdamSettings = AdamSettings(learning_rate=2e-3)
    """Optimizer of the encoder and of the decoder."""
    weight_decay: NonNegativeFloat = 0.0
    """Decoupled weight decay of matrices, scaled by the learning rate (Loshchilov & Hutter 2019)."""
    units: PositiveInt = 200
    """Units of each of the encoder's hidden layers."""
    depth: PositiveInt = 3
    """Hidden layers of the encoder; the input of each is the sum of those before it."""
    latent_dim: PositiveInt = 200
    """Length of the latent vector."""
    dropout: ProperFraction = 0.5
    """Share of the liked items hidden from the encoder while it is trained; the decoder is trained without dropout."""
    gamma: NonNegativeFloat = 0.005
    """Weight of the KL divergence, multiplied by the number of items that the user likes (eq. 12)."""
    encoder_steps: PositiveInt = 3
    """Encoder steps per decoder step within a round (algorithm 1)."""
    round_steps: PositiveInt = 16
    """Training steps per round, first of the encoder, then of the decoder; in between the prior copies the encoder."""
    prior_weights: tuple[ProperFraction, ProperFraction, ProperFraction] = (0.15, 0.75, 0.1)
    """Mixture weights of the prior: standard normal, previous posterior, and a wide normal with log variance 10."""

    def __post_init__(self) -> None:
        if abs(sum(self.prior_weights) - 1) > 1e-6 or not all(self.prior_weights):
            raise ValueError(f"prior_weights is {self.prior_weights}: give three positive weights whose sum is 1")

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds, and both encoder and decoder within four steps."""
        return cls(
            batch_size=16,
            units=8,
            depth=2,
            latent_dim=4,
            round_steps=3,
            encoder_steps=2,
            export_limits=RankingLimits.tiny(),
        )
