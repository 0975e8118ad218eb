"""Unpaired image-to-image translation (002 §6.1, 003 §5.1.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.picture_translation import TranslationRecipe


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CycleGAN(TranslationRecipe):
    """CycleGAN (Zhu et al. 2017): unpaired image-to-image translation with cycle consistency and PatchGANs."""

    model: ClassVar[str] = "aigc_tf.families.translation.cyclegan:CycleGAN"
    data: ClassVar[str] = "aigc_tf.data.photos.pairs:open_unpaired"
    networks: ClassVar[Mapping[str, str]] = {
        "generator": "aigc_tf.families.translation.networks:generator",
        "back": "aigc_tf.families.translation.networks:back",
        "discriminator": "aigc_tf.families.translation.networks:discriminator",
        "discriminator_a": "aigc_tf.families.translation.networks:discriminator_a",
    }

    cycle_weight: NonNegativeFloat = 10.0
    """λ of equation 3: weight of the cycle-consistency loss."""
    identity_weight: NonNegativeFloat = 5.0
    """Weight of the identity loss: the absolute error on inputs that are already in the target domain (§5.2)."""
    replayed: PositiveInt = 50
    """Size of the buffer of earlier generated pictures shown to each discriminator (§4); at least a batch."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.replayed < self.batch_size:
            raise ValueError(f"replayed is {self.replayed}: at least batch_size ({self.batch_size}) is needed")

    @classmethod
    def tiny(cls) -> Self:
        """Pictures and their negatives."""
        return cls.small(discriminator_filters=(4, 4, 4))
