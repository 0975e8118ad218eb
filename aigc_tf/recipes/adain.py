"""Arbitrary style transfer: the style picture is an input beside the photograph (002 §6.1, 003 §5.1.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import Field, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.styles import StyleRecipe


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AdaIN(StyleRecipe):
    """Arbitrary style transfer by adaptive instance normalisation (Huang & Belongie 2017).

    As in Ghiasi et al. 2017, a small network predicts the scale and shift of every normalisation from statistics of
    the style picture.
    """

    model: ClassVar[str] = "aigc_tf.families.style.adain:AnyStyle"
    data: ClassVar[str] = "aigc_tf.data.photos.styles:open_styles"
    networks: ClassVar[Mapping[str, str]] = {"network": "aigc_tf.families.style.networks:adaptive_stylist"}

    styles: str | None = None
    """Style pictures to train on: a folder of paintings, textures or photographs, an .npz file or a data set; a tenth
    is held out for evaluation. None uses the photographs themselves."""
    style_side: Annotated[int, Field(ge=32, le=1024)] = 128
    style_filters: tuple[PositiveInt, PositiveInt, PositiveInt] = (24, 48, 96)
    """Channels of the convolutions whose statistics describe a style picture."""
    style_numbers: PositiveInt = 96
    """Length of the style embedding from which all scales and shifts are predicted."""

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls.small(surround=0, style_side=32, style_filters=(4, 4, 4), style_numbers=8)
