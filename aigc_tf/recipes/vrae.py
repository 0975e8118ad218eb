"""The variational recurrent autoencoder of 000 §3.9.1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.series import SeriesExportLimits, SeriesRecipe, SeriesSettings
from aigc_tf.recipes.settings import AdamSettings

MAX_LENGTH = 128  # time steps: the LSTMs are unrolled, and the exported file grows with each


@dataclass(frozen=True, kw_only=True, config=STRICT)
class VRAE(SeriesRecipe):
    """Variational recurrent autoencoder of real-valued sequences (Fabius & van Amersfoort 2014)."""

    model: ClassVar[str] = "aigc_tf.families.series.vrae:RecurrentVAE"
    networks: ClassVar[Mapping[str, str]] = {
        "encoder": "aigc_tf.families.series.networks.vrae:encoder",
        "decoder": "aigc_tf.families.series.networks.vrae:decoder",
    }
    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.series.vrae:SequenceBounds",)
    chooses: ClassVar[str] = "aigc_tf.metrics.held_out:HeldOutLoss"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.series:reconstruction_quality"

    series: SeriesSettings = SeriesSettings(length=48)
    steps: PositiveInt = 3000
    batch_size: PositiveInt = 32
    optimizer: AdamSettings = AdamSettings(learning_rate=2e-3, clip_norm=5.0)
    units: PositiveInt = 64
    """Units of the LSTM layers of encoder and decoder."""
    latent_dim: PositiveInt = 8
    """Length of the latent vector."""
    beta: NonNegativeFloat = 1.0
    """Weight of the KL divergence; 1 gives the evidence lower bound (ELBO)."""
    annealing_steps: NonNegativeInt = 500
    """KL annealing: steps over which the weight rises from 0 to beta (Bowman et al. 2016, §3.1)."""
    free_bits: NonNegativeFloat = 0.0
    """Nats of KL per latent dimension, averaged over the batch, that are not penalised (Kingma et al. 2016, eq. 15)."""

    def __post_init__(self) -> None:
        if self.series.length > MAX_LENGTH:
            raise ValueError(f"series.length is {self.series.length}: sequences have at most {MAX_LENGTH} time steps")

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        limits = SeriesExportLimits(samples=100, dynamic=0.5, int8=0.5)
        return cls(series=SeriesSettings(length=6), batch_size=4, units=8, latent_dim=2, export_limits=limits)
