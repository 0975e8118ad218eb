"""Paired image-to-image translation (002 §6.1, 003 §5.1.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.picture_translation import TranslationRecipe


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Pix2Pix(TranslationRecipe):
    """pix2pix (Isola et al. 2017): a U-Net, a conditional patch discriminator (PatchGAN), and an L1 loss."""

    model: ClassVar[str] = "aigc_tf.families.translation.pix2pix:Pix2Pix"
    data: ClassVar[str] = "aigc_tf.data.photos.pairs:open_pairs"
    networks: ClassVar[Mapping[str, str]] = {
        "generator": "aigc_tf.families.translation.networks:generator",
        "discriminator": "aigc_tf.families.translation.networks:pair_discriminator",
    }

    l1_weight: NonNegativeFloat = 100.0
    """λ of equation 4: weight of the L1 loss relative to the adversarial loss."""

    @classmethod
    def tiny(cls) -> Self:
        """Pictures and their negatives."""
        return cls.small(discriminator_filters=(4, 4, 4))
