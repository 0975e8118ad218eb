"""Style transfer: photographs in the style of one picture, such as an oil painting (002 §6.1, 003 §5.1.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.styles import StyleRecipe


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Style(StyleRecipe):
    """Feed-forward style transfer for one style (Johnson et al. 2016; instance normalisation, Ulyanov et al. 2017)."""

    model: ClassVar[str] = "aigc_tf.families.style.model:StyleTransfer"
    networks: ClassVar[Mapping[str, str]] = {"network": "aigc_tf.families.style.networks:stylist"}
    assets: ClassVar[Mapping[str, str]] = {"style": "aigc_tf.data.photos.styled:StylePicture"}

    style: str = "strokes"
    """The style picture: a file, or strokes, built-in brush strokes for trying things out."""

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls.small(surround=0, style_side=32)
