"""Dialogue: a reply to a question or to the last turns (000 §2.3)."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.seq2seq import PairSettings, Seq2SeqRecipe


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Dialogue(Seq2SeqRecipe):
    """Encoder-decoder for dialogue (Vinyals & Le 2015, with transformers)."""

    model: ClassVar[str] = "aigc_tf.families.text.seq2seq.answering:Answering"
    pipeline_tag: ClassVar[str | None] = "text-generation"
    figures: ClassVar[tuple[str, ...]] = ("bleu",)
    baselines: ClassVar[tuple[str, ...]] = ("nearest",)

    pairs: PairSettings = PairSettings(vocabulary_size=4096, source_length=64, target_length=64)

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls.small()
