"""What is done to images while models learn from them; nothing by default."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, Checked, Fraction, ProperFraction


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ClassicalAugmentation(metaclass=Checked):
    """What the pipeline does to training images, anew in every epoch (000 §3.3, 003 §6.1).

    Article 003 has flip, and shift = 0.1.
    """

    flip: bool = False
    """Half of the images are mirrored, left to right."""
    crop: ProperFraction = 0.0
    """Largest share of height and width that is cut away, at any place; the rest is enlarged to the full size."""
    zoom: ProperFraction = 0.0
    """Images are enlarged by a factor between 1 minus and 1 plus this, about the centre."""
    rotation: Annotated[float, Field(ge=0, le=180)] = 0.0
    """Largest angle, in degrees, to either side."""
    shift: Fraction = 0.0
    """Longest way, as a share of height and width, by which images are moved, by whole pixels."""

    @property
    def is_on(self) -> bool:
        """Whether anything is done."""
        return self != ClassicalAugmentation()


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DifferentiableAugmentation(metaclass=Checked):
    """What real and generated images alike suffer before a discriminator judges them (Zhao et al. 2020).

    The paper has colour, translation = 0.125 and cutout = 0.5.
    """

    colour: bool = False
    """Brightness, saturation and contrast change."""
    translation: Fraction = 0.0
    """Longest way, as a share of height and width, by which images are moved."""
    cutout: Fraction = 0.0
    """Share of height and of width that a rectangle covers; it may lie partly outside."""

    @property
    def is_on(self) -> bool:
        """Whether anything is done."""
        return self != DifferentiableAugmentation()
