"""Hierarchical variational autoencoder of a few bars for several voices (000 §3.10.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, Fraction
from aigc_tf.recipes.pieces import CellRecipe, Drawing, ExcerptSettings, MusicLimits


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MusicVAE(CellRecipe):
    """Hierarchical VAE: a latent, a conductor that outputs an embedding per bar, a decoder that sees one bar."""

    model: ClassVar[str] = "aigc_tf.families.music.vae:MusicVAE"
    networks: ClassVar[Mapping[str, str]] = {"networks": "aigc_tf.families.music.vae_networks:vae_networks"}
    data: ClassVar[str] = "aigc_tf.data.music.opening:open_excerpts"
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.music.excerpts:Bounds",
        "aigc_tf.metrics.music.excerpts:Reconstruction",
        "aigc_tf.metrics.music.style:ExcerptStyle",
    )
    chooses: ClassVar[str] = "aigc_tf.metrics.held_out:HeldOutLoss"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.music:excerpt_quality"
    sample_options: ClassVar[type] = Drawing

    music: ExcerptSettings = ExcerptSettings()
    steps: PositiveInt = 800
    batch_size: PositiveInt = 32
    depth: PositiveInt = 2
    latent_dim: PositiveInt = 128
    """Length of the latent vector."""
    units: PositiveInt = 128
    """Units of the conductor's LSTM."""
    beta: NonNegativeFloat = 0.2
    """Weight of the KL divergence; 1 gives the evidence lower bound (ELBO)."""
    annealing_steps: NonNegativeInt = 300
    """KL annealing: steps over which the weight rises from 0 to beta (Bowman et al. 2016, §3.1)."""
    free_bits: NonNegativeFloat = 0.5
    """Nats of KL per latent dimension, averaged over the batch, that are not penalised (Kingma et al. 2016, eq. 15)."""
    note_dropout: Fraction = 0.4
    """Share of the decoder's input cells whose notes are hidden, so that the latent is needed (after Bowman et al.
    2016, §3.2)."""
    export_limits: MusicLimits = MusicLimits(pieces=32)

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            music=ExcerptSettings(bars=1),
            batch_size=4,
            depth=1,
            encoder_depth=1,
            heads=2,
            width=16,
            units=8,
            latent_dim=4,
            export_limits=MusicLimits.tiny(),
        )
