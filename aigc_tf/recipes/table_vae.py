"""The variational autoencoder of tables (002 §6.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.settings import AdamSettings
from aigc_tf.recipes.tables import TableExportLimits, TableRecipe


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TableVAE(TableRecipe):
    """TVAE: rows whose numbers lie in modes, from a normal latent (Xu et al. 2019, §4.5)."""

    model: ClassVar[str] = "aigc_tf.families.tables.vae:TableVAE"
    networks: ClassVar[Mapping[str, str]] = {
        "encoder": "aigc_tf.families.tables.networks:encoder",
        "decoder": "aigc_tf.families.tables.networks:decoder",
    }
    chooses: ClassVar[str] = "aigc_tf.metrics.held_out:HeldOutLoss"

    steps: PositiveInt = 1_500
    batch_size: PositiveInt = 100
    optimizer: AdamSettings = AdamSettings(learning_rate=3e-3)
    weight_decay: NonNegativeFloat = 1e-5
    """Of matrices, in each step times the learning rate (Loshchilov & Hutter 2019)."""
    hidden_units: tuple[PositiveInt, ...] = (128, 128)
    """Of the encoder's dense layers; the decoder's are the same in reverse."""
    beta: NonNegativeFloat = 1.0
    """Weight of the KL divergence in the end; the paper's code has one half."""
    annealing_steps: NonNegativeInt = 0
    """The weight grows from 0 to beta over so many steps."""

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(batch_size=16, hidden_units=(16,), latent_dim=4, export_limits=TableExportLimits.tiny())
