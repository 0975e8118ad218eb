"""A generative adversarial network of daily returns (002 §6.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.finance import ReturnExportLimits, ReturnRecipe, ReturnSettings
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ReturnsGAN(ReturnRecipe):
    """GAN of daily returns: a generator with per-day and per-window noise, and a Wasserstein critic of windows."""

    model: ClassVar[str] = "aigc_tf.families.returns.gan:ReturnsGAN"
    networks: ClassVar[Mapping[str, str]] = {
        "generator": "aigc_tf.families.returns.networks:generator",
        "critic": "aigc_tf.families.returns.networks:critic",
    }
    chooses: ClassVar[str] = "aigc_tf.metrics.returns.facts:EnergyDistance"
    chosen_on: ClassVar[Literal["validation", "train"]] = "train"

    steps: PositiveInt = 2_000
    batch_size: PositiveInt = 64
    generator_optimizer: AdamSettings = AdamSettings(learning_rate=5e-4, beta_1=0.5, beta_2=0.9)
    critic_optimizer: AdamSettings = AdamSettings(learning_rate=5e-4, beta_1=0.5, beta_2=0.9)
    latent_dim: PositiveInt = 8
    """Length of a window's latent vector."""
    gradient_penalty: NonNegativeFloat = 10.0
    """Weight of the gradient penalty (Gulrajani et al. 2017, eq. 3)."""
    critic_steps: PositiveInt = 2
    """Updates of the critic per training step, each with batch_size windows of its own."""

    @property
    def examples_per_step(self) -> int:
        """Each update of the critic has its own windows."""
        return self.batch_size * self.critic_steps

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
