"""What the recipes of models of pictures with captions share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, NonNegativeInt, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.augment import ClassicalAugmentation
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.images import PICTURE_ENDINGS, ImageSettings
from aigc_tf.recipes.options import Options
from aigc_tf.recipes.settings import MAX_SEED, Settings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CaptionSettings(Settings):
    """How captions become numbers, and which are held out."""

    unit: Literal["character", "byte", "word", "subword"] = "word"
    """What one number stands for; subwords need the package tokenizers."""
    vocabulary_size: Annotated[int, Field(ge=16)] = 8192
    """Symbols that are kept, the most frequent."""
    length: PositiveInt = 16
    """Symbols of a caption that are read; longer ones are cut off."""
    split: Annotated[NonNegativeInt, Field(le=MAX_SEED)] = 0
    """Another number holds out other combinations: a judge that learns with one knows what another model's lacks."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CaptionedRecipe(Recipe):
    """A recipe for a model of pictures and their captions."""

    data: ClassVar[str] = "aigc_tf.data.captioned.opening:open_source"
    reads: ClassVar[tuple[str, ...]] = PICTURE_ENDINGS
    assets: ClassVar[Mapping[str, str]] = {"captions": "aigc_tf.data.captioned.captions:Captions"}

    captions: str | None = None
    """The file with the captions of the pictures in the folder `source`: a table (.tsv, .csv) of names and captions,
    JSON lines, or COCO's JSON. None: captions.tsv or the like in the folder."""
    images: ImageSettings = ImageSettings(height=64, width=64, channels=3)
    augmentation: ClassicalAugmentation = ClassicalAugmentation()
    """Of the training images. Captions may say which way something points: flip with care."""
    words: CaptionSettings = CaptionSettings()


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Prompting(Options):
    """Drawing what words say."""

    prompt: str = ""
    """What to draw, in words; several are given as conditions. Without any, captions that were learnt are drawn."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Judged(Options):
    """Measuring with a judge."""

    judge: str | None = None
    """A run of match with another seed and words.split, which says how well pictures and words fit; None leaves that
    out."""
