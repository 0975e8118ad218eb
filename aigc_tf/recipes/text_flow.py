"""Text-to-image rectified flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.captioned import CaptionedRecipe, Judged, Prompting
from aigc_tf.recipes.class_flow import GuidedEditing, GuidedEvaluation, GuidedSampling, GuidedSolving
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.flow64 import TRANSFORMER, UNET
from aigc_tf.recipes.flows import FlowRecipe, TransformerSettings, UNetSettings
from aigc_tf.recipes.images import ExportLimits, ImageSettings
from aigc_tf.recipes.settings import CheckpointSettings, LoggingSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PromptedSampling(Prompting, GuidedSampling):
    """Sampling from a text-to-image flow."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PromptedEvaluation(Judged, GuidedEvaluation):
    """Evaluation of a text-to-image flow."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TextFlow(CaptionedRecipe, FlowRecipe):
    """Text-to-image rectified flow: cross-attention to words, with classifier-free guidance (Rombach et al. 2022)."""

    model: ClassVar[str] = "aigc_tf.families.flow.prompted:TextFlow"
    networks: ClassVar[Mapping[str, str]] = {"predictor": "aigc_tf.families.flow.networks:text_predictor"}
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.images.samples:Samples",
        "aigc_tf.metrics.captioned.drawn:DrawnToPrompts",
    )
    sample_options: ClassVar[type] = PromptedSampling
    transform_options: ClassVar[type] = GuidedEditing
    evaluate_options: ClassVar[type] = PromptedEvaluation
    export_options: ClassVar[type] = GuidedSolving
    pipeline_tag: ClassVar[str | None] = "text-to-image"

    steps: PositiveInt = 5000
    batch_size: PositiveInt = 32
    logging: LoggingSettings = FlowRecipe.logging
    checkpoints: CheckpointSettings = FlowRecipe.checkpoints
    coupling: Literal["independent", "optimal"] = "independent"
    unet: UNetSettings = UNET
    transformer: TransformerSettings = TRANSFORMER
    word_size: PositiveInt = 128
    """Length of the word embeddings; a multiple of twice the heads."""
    heads: PositiveInt = 4
    """Heads of each cross-attention to words; they divide the last of unet.filters, or transformer.width."""
    drop_captions: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Share of the training pictures whose caption is dropped, so that the unconditional prediction is learnt, too."""

    def __post_init__(self) -> None:
        super().__post_init__()
        unet = self.network == "unet"
        name, looking = ("unet.filters", self.unet.filters[-1]) if unet else ("transformer.width", self.time_size)
        if self.word_size % (2 * self.heads) or looking % self.heads:
            raise ValueError(
                f"word_size is {self.word_size}, and the last of {name} {looking}: the former must be a multiple of "
                f"twice the heads ({self.heads}), the latter of the heads"
            )
        if self.coupling != "independent":
            raise ValueError(
                f"coupling is {self.coupling}: noise chosen by the picture would reveal the caption, and prompts "
                "are used with any noise; leave it independent"
            )

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            images=ImageSettings(height=16, width=16, channels=3),
            unet=UNetSettings(filters=(8, 8), blocks=(1, 1), time_size=8),
            word_size=8,
            heads=2,
            batch_size=8,
            export_limits=ExportLimits.tiny(),
        )
