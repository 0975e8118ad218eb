"""Data augmentation of training images; off by default."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, Checked, Fraction, ProperFraction


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ClassicalAugmentation(metaclass=Checked):
    """Random transformations of the training images, drawn anew in every epoch (000 §3.3, 003 §6.1).

    Article 003 uses flip, and shift = 0.1.
    """

    flip: bool = False
    """Flip half of the images horizontally."""
    crop: ProperFraction = 0.0
    """Random crop: largest share of height and width that is cut away; the rest is resized to the full size."""
    zoom: ProperFraction = 0.0
    """Scale about the centre by a random factor between 1 minus and 1 plus this."""
    rotation: Annotated[float, Field(ge=0, le=180)] = 0.0
    """Maximum rotation angle in degrees, in either direction."""
    shift: Fraction = 0.0
    """Maximum translation, as a share of height and width, by whole pixels."""

    @property
    def is_on(self) -> bool:
        """Whether anything is done."""
        return self != ClassicalAugmentation()


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DifferentiableAugmentation(metaclass=Checked):
    """Differentiable augmentation of the discriminator's inputs, real and generated (DiffAugment, Zhao et al. 2020).

    The paper uses colour, translation = 0.125 and cutout = 0.5.
    """

    colour: bool = False
    """Random brightness, saturation and contrast."""
    translation: Fraction = 0.0
    """Maximum translation, as a share of height and width."""
    cutout: Fraction = 0.0
    """Share of height and of width that a masked rectangle covers; it may lie partly outside."""

    @property
    def is_on(self) -> bool:
        """Whether anything is done."""
        return self != DifferentiableAugmentation()
