"""A small transformer trained with differential privacy (000 §3.13.4 and §3.14.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.gpt import GPT
from aigc_tf.recipes.private import ExpectedBatch, PrivacySettings, Private, refuse
from aigc_tf.recipes.settings import AdamSettings, ScheduleSettings
from aigc_tf.recipes.text import TextExportLimits, TextSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DPGPT(Private, GPT):
    """Transformer language model with differential privacy: the gradient of each line clipped and noised (DP-SGD)."""

    model: ClassVar[str] = "aigc_tf.families.private.language_model:PrivateLanguageModel"
    assets: ClassVar[Mapping[str, str]] = {**GPT.assets, **Private.assets}

    text: TextSettings = TextSettings(unit="byte", lines=True, length=80)
    steps: PositiveInt = 400
    batch_size: ExpectedBatch = 512
    """Expected batch size: each line is in each batch with probability batch_size / lines."""
    optimizer: AdamSettings = AdamSettings(learning_rate=2e-3, beta_2=0.99)
    schedule: ScheduleSettings = ScheduleSettings(warmup_steps=20)
    weight_decay: NonNegativeFloat = 0.0
    depth: PositiveInt = 2

    privacy: PrivacySettings = PrivacySettings()
    lines_at_once: PositiveInt = 64
    """Per-line gradients held in memory at once; memory grows by the size of the weights for each."""

    def __post_init__(self) -> None:
        super().__post_init__()
        refuse(self, "each line's gradient is computed without it", "dropout")
        if self.text.unit != "byte":
            raise ValueError(f"text.unit is {self.text.unit}: its vocabulary would reveal the text, choose byte")
        if not self.text.lines or self.text.consecutive:
            raise ValueError("text.lines is off, or text.consecutive on: privacy is promised to each line, as it is")

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        text = TextSettings(unit="byte", lines=True, length=24)
        limits = TextExportLimits.tiny()
        return cls(text=text, batch_size=32, depth=1, heads=2, width=16, lines_at_once=16, export_limits=limits)
