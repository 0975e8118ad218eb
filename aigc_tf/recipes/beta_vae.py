"""The β-VAE: article 001's loss with a weight on the KL divergence."""

from __future__ import annotations

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.vae import VAE


@dataclass(frozen=True, kw_only=True, config=STRICT)
class BetaVAE(VAE):
    """β-VAE (Higgins et al. 2017) for disentangled latents, with the dense layers of article 001 §4.1."""

    hidden_units: tuple[PositiveInt, ...] = (512, 512)
    latent_dim: PositiveInt = 10
    beta: NonNegativeFloat = 4.0
