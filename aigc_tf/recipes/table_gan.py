"""The conditional generative adversarial network for tabular data (002 §6.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.settings import AdamSettings
from aigc_tf.recipes.tables import TableExportLimits, TableRecipe


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TableGAN(TableRecipe):
    """CTGAN (Xu et al. 2019): a generator conditioned on one category, and a critic of packed rows."""

    model: ClassVar[str] = "aigc_tf.families.tables.gan:TableGAN"
    networks: ClassVar[Mapping[str, str]] = {
        "generator": "aigc_tf.families.tables.networks:generator",
        "critic": "aigc_tf.families.tables.networks:critic",
    }
    chooses: ClassVar[str] = "aigc_tf.metrics.tables.fidelity:TableDistance"
    chosen_on: ClassVar[Literal["validation", "train"]] = "train"
    draws_by_condition: ClassVar[bool] = True

    steps: PositiveInt = 2_000
    batch_size: PositiveInt = 200
    latent_dim: PositiveInt = 64
    """Length of the latent vector."""
    generator_optimizer: AdamSettings = AdamSettings(learning_rate=5e-4, beta_1=0.5, beta_2=0.9)
    critic_optimizer: AdamSettings = AdamSettings(learning_rate=5e-4, beta_1=0.5, beta_2=0.9)
    weight_decay: NonNegativeFloat = 1e-6
    """Decoupled weight decay of the generator's matrices, scaled by the learning rate (Loshchilov & Hutter 2019)."""
    generator_units: tuple[PositiveInt, ...] = (128, 128)
    """Units of the generator's dense layers."""
    critic_units: tuple[PositiveInt, ...] = (128, 128)
    """Units of the critic's dense layers."""
    dropout: ProperFraction = 0.25
    """Dropout rate of the critic."""
    pack: PositiveInt = 1
    """Rows that the critic judges together (PacGAN, Lin et al. 2018); it divides batch_size. The paper has 10; with
    some hundred rows fewer is better (docs/RESULTS.md)."""
    temperature: PositiveFloat = 0.2
    """Temperature of the Gumbel-softmax for categories and modes."""
    gradient_penalty: NonNegativeFloat = 10.0
    """Weight of the gradient penalty (Gulrajani et al. 2017, eq. 3)."""

    def __post_init__(self) -> None:
        if self.batch_size % self.pack:
            raise ValueError(f"batch_size is {self.batch_size}: it has to be a multiple of pack, {self.pack}")

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            batch_size=20,
            pack=5,
            generator_units=(16,),
            critic_units=(16,),
            latent_dim=4,
            export_limits=TableExportLimits.tiny(),
        )
