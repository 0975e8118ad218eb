"""Image captioning (003 §4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.augment import ClassicalAugmentation
from aigc_tf.recipes.captioned import CaptionedRecipe, Judged
from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.images import ImageSettings
from aigc_tf.recipes.seq2seq import DecoderRecipe, PairLimits
from aigc_tf.recipes.settings import CheckpointSettings, LoggingSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Caption(CaptionedRecipe, DecoderRecipe):
    """Image captioning: a transformer decoder that attends to a picture's feature map (Xu et al. 2015)."""

    model: ClassVar[str] = "aigc_tf.families.text.captioning.model:Captioner"
    networks: ClassVar[Mapping[str, str]] = {"networks": "aigc_tf.families.text.captioning.networks:captioning"}
    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.captioned.captions:WrittenCaptions",)
    chooses: ClassVar[str] = "aigc_tf.metrics.text.targets:NatsPerSymbol"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.captions:caption_quality"
    evaluate_options: ClassVar[type] = Judged
    pipeline_tag: ClassVar[str | None] = "image-to-text"

    steps: PositiveInt = 2000
    batch_size: PositiveInt = 64
    filters: tuple[PositiveInt, ...] = (32, 64, 128)
    """Channels at a half, a quarter, ... of the picture's size; the decoder attends to the last of these maps."""
    width: PositiveInt = 128
    """Width of the decoder; a multiple of twice the heads."""
    positions: Literal["rotary", "learned"] = "rotary"
    """Position encoding of the tokens; places of the picture have learnt position embeddings."""
    drop_words: ProperFraction = 0.4
    augmentation: ClassicalAugmentation = ClassicalAugmentation(shift=0.1, zoom=0.1, rotation=8.0)
    logging: LoggingSettings = LoggingSettings(samples_every=500, evaluate_every=250)
    checkpoints: CheckpointSettings = CheckpointSettings(every=500)
    export_limits: PairLimits = PairLimits()

    @property
    def target_length(self) -> int:
        """Maximum length of captions."""
        return self.words.length

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            images=ImageSettings(height=16, width=16, channels=3),
            filters=(8, 8),
            batch_size=8,
            depth=1,
            heads=2,
            width=16,
            export_limits=PairLimits.tiny(),
        )
