"""The variational autoencoder of tables with differential privacy (000 §3.14.5, 002 §6.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.private import ExpectedBatch, PrivacySettings, Private
from aigc_tf.recipes.settings import AdamSettings
from aigc_tf.recipes.table_vae import TableVAE
from aigc_tf.recipes.tables import TableExportLimits


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DPTableVAE(Private, TableVAE):
    """TVAE with differential privacy: the gradient of each row's ELBO clipped and noised (DP-SGD).

    The columns, that is names of categories, minima, maxima and modes, are read from the training rows and are not
    covered by the guarantee.
    """

    model: ClassVar[str] = "aigc_tf.families.private.tables:PrivateTableVAE"
    assets: ClassVar[Mapping[str, str]] = {**TableVAE.assets, **Private.assets}

    steps: PositiveInt = 1_000
    batch_size: ExpectedBatch = 256
    """Expected batch size: each row is in each batch with probability batch_size / rows."""
    privacy: PrivacySettings = PrivacySettings()
    optimizer: AdamSettings = AdamSettings(learning_rate=2e-3)
    hidden_units: tuple[PositiveInt, ...] = (64,)
    """Units of the encoder's dense layers; the decoder's are the same in reverse."""

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(batch_size=32, hidden_units=(16,), latent_dim=4, export_limits=TableExportLimits.tiny())
