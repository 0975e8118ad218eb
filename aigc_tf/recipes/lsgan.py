"""The least-squares GAN, whose loss article 004 §4.1 mentions."""

from __future__ import annotations

from pydantic.dataclasses import dataclass

from aigc_tf.recipes.dcgan import DCGAN
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.gans import AdversarialLoss


@dataclass(frozen=True, kw_only=True, config=STRICT)
class LSGAN(DCGAN):
    """Least-squares GAN (Mao et al. 2017) with the layers of article 002 §5.2."""

    loss: AdversarialLoss = "least_squares"
