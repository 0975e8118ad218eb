"""A small decoder-only transformer: 003 §4.1's self-attention, stacked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.settings import AdamSettings, ScheduleSettings
from aigc_tf.recipes.text import TextExportLimits, TextRecipe, TextSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class GPT(TextRecipe):
    """Decoder-only transformer language model (Radford et al. 2019, small)."""

    model: ClassVar[str] = "aigc_tf.families.text.language_model:LanguageModel"
    pipeline_tag: ClassVar[str | None] = "text-generation"
    networks: ClassVar[Mapping[str, str]] = {"networks": "aigc_tf.families.text.networks.transformer:language_model"}
    distils: ClassVar[str | None] = "aigc_tf.families.text.distillation:taught"
    widths: ClassVar[tuple[str, ...]] = ("width",)

    text: TextSettings = TextSettings(length=128)
    steps: PositiveInt = 1500
    batch_size: PositiveInt = 32
    optimizer: AdamSettings = AdamSettings(learning_rate=2e-3, beta_2=0.99, clip_norm=1.0)
    schedule: ScheduleSettings = ScheduleSettings(warmup_steps=100)
    weight_decay: NonNegativeFloat = 0.1

    depth: PositiveInt = 4
    """Transformer blocks."""
    heads: PositiveInt = 4
    """Attention heads in each block."""
    width: PositiveInt = 128
    """Width of the transformer; a multiple of twice the heads."""
    positions: Literal["rotary", "learned"] = "rotary"
    """Position encoding: rotary (Su et al. 2021), or learnt embeddings that are added."""
    activation: Literal["gelu", "relu", "silu"] = "relu"
    """Activation of the feed-forward layers in each block."""
    embedding_deviation: PositiveFloat = 0.02
    """Standard deviation of the initial embeddings."""

    def __post_init__(self) -> None:
        if self.width % (2 * self.heads):
            raise ValueError(f"width is {self.width}: it must be a multiple of twice the heads ({self.heads})")

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        text = TextSettings(length=16)
        limits = TextExportLimits.tiny()
        return cls(text=text, batch_size=4, depth=2, heads=2, width=16, export_limits=limits)
