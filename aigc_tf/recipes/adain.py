"""Style transfer to the manner of any picture, which is given with the photograph (002 §6.1, 003 §5.1.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import Field, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.styles import StyleRecipe


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AdaIN(StyleRecipe):
    """Adaptive instance normalisation (Huang & Belongie 2017), as a small network predicts it from the style picture.

    As in Ghiasi et al. 2017: statistics of the style picture -> scale and shift of every normalisation.
    """

    model: ClassVar[str] = "aigc_tf.families.style.adain:AnyStyle"
    data: ClassVar[str] = "aigc_tf.data.photos.styles:open_styles"
    networks: ClassVar[Mapping[str, str]] = {"network": "aigc_tf.families.style.networks:adaptive_stylist"}

    styles: str | None = None
    """Style pictures to learn from: a folder of paintings, textures, photographs, an .npz file or a data set; a tenth
    is held out to measure with. None takes the photographs themselves."""
    style_side: Annotated[int, Field(ge=32, le=1024)] = 128
    style_filters: tuple[PositiveInt, PositiveInt, PositiveInt] = (24, 48, 96)
    """Channels of the convolutions whose statistics describe a style picture."""
    style_numbers: PositiveInt = 96
    """Numbers that all scales and shifts are made of."""

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls.small(surround=0, style_side=32, style_filters=(4, 4, 4), style_numbers=8)
