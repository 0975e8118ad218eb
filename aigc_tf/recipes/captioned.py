"""Shared parts of the recipes for captioned pictures."""

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
    """How captions are tokenised, and which are held out."""

    unit: Literal["character", "byte", "word", "subword"] = "word"
    """What a token is; subwords need the package tokenizers."""
    vocabulary_size: Annotated[int, Field(ge=16)] = 8192
    """Maximum size of the vocabulary; the most frequent tokens are kept."""
    length: PositiveInt = 16
    """Maximum tokens of a caption; longer captions are truncated."""
    split: Annotated[NonNegativeInt, Field(le=MAX_SEED)] = 0
    """Seed of the held-out combinations: a judge trained on another split has seen those that this model has not."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CaptionedRecipe(Recipe):
    """A recipe for a model of captioned pictures."""

    data: ClassVar[str] = "aigc_tf.data.captioned.opening:open_source"
    reads: ClassVar[tuple[str, ...]] = PICTURE_ENDINGS
    assets: ClassVar[Mapping[str, str]] = {"captions": "aigc_tf.data.captioned.captions:Captions"}

    captions: str | None = None
    """The file with the captions of the pictures in the folder `source`: a table (.tsv, .csv) of names and captions,
    JSON lines, or COCO's JSON. None: captions.tsv or the like in the folder."""
    images: ImageSettings = ImageSettings(height=64, width=64, channels=3)
    augmentation: ClassicalAugmentation = ClassicalAugmentation()
    """Augmentation of the training images. Captions may say which way something points: flip with care."""
    words: CaptionSettings = CaptionSettings()


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Prompting(Options):
    """Generation from a text prompt."""

    prompt: str = ""
    """Text prompt; pass several as conditions. Without any, training captions are used."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Judged(Options):
    """Evaluation with a judge."""

    judge: str | None = None
    """A run of match, trained with another seed and words.split, that scores how well pictures and words match; None
    skips that."""
