"""Character-level recurrent language model (001 §3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, Checked
from aigc_tf.recipes.settings import AdamSettings, ScheduleSettings
from aigc_tf.recipes.text import TextExportLimits, TextRecipe, TextSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RecurrentSettings(metaclass=Checked):
    """The layers of a recurrent language model."""

    cell: Literal["simple", "gru", "lstm"] = "lstm"
    """Elman RNN, gated recurrent unit (Cho et al. 2014) or long short-term memory (Hochreiter et al. 1997)."""
    embedding: PositiveInt = 128
    """Length of the token embeddings."""
    units: PositiveInt = 512
    """Units of each layer."""
    depth: PositiveInt = 1
    """Number of layers."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CharRNN(TextRecipe):
    """Character-level recurrent language model: RNN, GRU or LSTM."""

    model: ClassVar[str] = "aigc_tf.families.text.language_model:LanguageModel"
    pipeline_tag: ClassVar[str | None] = "text-generation"
    networks: ClassVar[Mapping[str, str]] = {"networks": "aigc_tf.families.text.networks.recurrent:language_model"}

    text: TextSettings = TextSettings(length=64, consecutive=True)
    steps: PositiveInt = 1500
    batch_size: PositiveInt = 32
    recurrent: RecurrentSettings = RecurrentSettings()
    optimizer: AdamSettings = AdamSettings(learning_rate=2e-3, clip_norm=1.0)
    schedule: ScheduleSettings = ScheduleSettings(warmup_steps=100)

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            text=TextSettings(length=16, consecutive=True),
            batch_size=4,
            recurrent=RecurrentSettings(embedding=8, units=16),
            export_limits=TextExportLimits.tiny(),
        )
