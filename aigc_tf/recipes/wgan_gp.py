"""The Wasserstein GAN with gradient penalty, of which article 000 §3.3 mentions only the penalty."""

from __future__ import annotations

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.gans import AdversarialLoss, R1Settings
from aigc_tf.recipes.settings import AdamSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class WGANGP(DCGAN):
    """Wasserstein GAN with gradient penalty (WGAN-GP, Gulrajani et al. 2017) with the layers of article 002 §5.2."""

    steps: PositiveInt = 4000
    batch_size: PositiveInt = 16
    loss: AdversarialLoss = "wasserstein"
    gradient_penalty: NonNegativeFloat = 10.0
    r1: R1Settings = R1Settings()
    discriminator_steps: PositiveInt = 3
    dropout: ProperFraction = 0.0
    generator_optimizer: AdamSettings = AdamSettings(learning_rate=4e-4, beta_1=0.0, beta_2=0.9)
    discriminator_optimizer: AdamSettings = AdamSettings(learning_rate=4e-4, beta_1=0.0, beta_2=0.9)
