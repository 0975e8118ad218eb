"""Word-level recurrent language model (001 §3.3)."""

from __future__ import annotations

from typing import Self

from pydantic import PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.char_rnn import CharRNN, RecurrentSettings
from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.text import TextExportLimits, TextSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class WordLSTM(CharRNN):
    """Word-level LSTM language model."""

    text: TextSettings = TextSettings(unit="word", vocabulary_size=8192, length=32, consecutive=True)
    steps: PositiveInt = 1500
    recurrent: RecurrentSettings = RecurrentSettings(embedding=256, units=256)
    dropout: ProperFraction = 0.2

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            text=TextSettings(unit="word", vocabulary_size=200, length=16, consecutive=True),
            batch_size=4,
            recurrent=RecurrentSettings(embedding=8, units=16),
            export_limits=TextExportLimits.tiny(),
        )
