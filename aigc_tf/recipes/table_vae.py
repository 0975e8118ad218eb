"""The variational autoencoder for tabular data (002 §6.5)."""

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
    """TVAE (Xu et al. 2019, §4.5): a VAE of rows, with mode-specific normalisation of numeric columns."""

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
    """Decoupled weight decay of matrices, scaled by the learning rate (Loshchilov & Hutter 2019)."""
    hidden_units: tuple[PositiveInt, ...] = (128, 128)
    """Units of the encoder's dense layers; the decoder's are the same in reverse."""
    beta: NonNegativeFloat = 1.0
    """Final weight of the KL divergence; the paper's code has one half."""
    annealing_steps: NonNegativeInt = 0
    """KL annealing: steps over which the weight rises from 0 to beta."""

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(batch_size=16, hidden_units=(16,), latent_dim=4, export_limits=TableExportLimits.tiny())
