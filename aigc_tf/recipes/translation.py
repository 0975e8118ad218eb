"""Machine translation (000 §2.3, 001 §8)."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.seq2seq import PairSettings, Seq2SeqRecipe


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Translation(Seq2SeqRecipe):
    """Encoder-decoder for machine translation (Vaswani et al. 2017; Bahdanau et al. 2015 with LSTMs)."""

    pipeline_tag: ClassVar[str | None] = "translation"
    figures: ClassVar[tuple[str, ...]] = ("bleu",)
    baselines: ClassVar[tuple[str, ...]] = ("nearest", "ibm1")

    pairs: PairSettings = PairSettings(source_length=96, target_length=96)
    steps: PositiveInt = 5000

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls.small()
