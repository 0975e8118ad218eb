"""Text-to-image GAN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.captioned import CaptionedRecipe, Judged, Prompting
from aigc_tf.recipes.dcgan64 import DCGAN64
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.images import ExportLimits, ImageSettings
from aigc_tf.recipes.options import ImageEvaluation, LatentSampling


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PromptedDrawing(Prompting, LatentSampling):
    """Sampling from a text-to-image GAN."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class JudgedDrawing(Judged, ImageEvaluation):
    """Evaluation of a text-to-image GAN."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TextGAN(CaptionedRecipe, DCGAN64):
    """Text-to-image GAN with attention (002 §7.3.2; AttnGAN, Xu et al. 2018): one stage with the layers of dcgan64."""

    model: ClassVar[str] = "aigc_tf.families.gan.prompted:TextGAN"
    networks: ClassVar[Mapping[str, str]] = {
        "generator": "aigc_tf.families.gan.networks.text_gan:generator",
        "discriminator": "aigc_tf.families.gan.networks.text_gan:discriminator",
    }
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.images.samples:Samples",
        "aigc_tf.metrics.captioned.drawn:DrawnToPrompts",
    )
    sample_options: ClassVar[type] = PromptedDrawing
    evaluate_options: ClassVar[type] = JudgedDrawing
    pipeline_tag: ClassVar[str | None] = "text-to-image"

    steps: PositiveInt = 18_000
    batch_size: PositiveInt = 16
    word_size: PositiveInt = 128
    """Length of the word embeddings; a multiple of twice the heads."""
    heads: PositiveInt = 4
    """Heads of each attention to words; they divide the last but one of generator_filters."""

    def __post_init__(self) -> None:
        super().__post_init__()
        filters = self.generator_filters
        if len(filters) < 2:
            raise ValueError(
                f"generator_filters is {filters}: words are used at a quarter of the size, give at least two"
            )
        if self.word_size % (2 * self.heads) or filters[-2] % self.heads:
            raise ValueError(
                f"word_size is {self.word_size}, and the last but one of generator_filters {filters[-2]}: the former "
                f"must be a multiple of twice the heads ({self.heads}), the latter of the heads"
            )

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            images=ImageSettings(height=16, width=16, channels=3),
            latent_dim=8,
            generator_filters=(16, 8),
            discriminator_filters=(8, 8),
            word_size=8,
            heads=2,
            batch_size=8,
            export_limits=ExportLimits.tiny(),
        )
