"""Text summarisation (000 §2.3, 003 §5.2)."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.seq2seq import Seq2SeqRecipe


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Summary(Seq2SeqRecipe):
    """Encoder-decoder with a copy head for text summarisation (See et al. 2017, with transformers)."""

    pipeline_tag: ClassVar[str | None] = "summarization"
    figures: ClassVar[tuple[str, ...]] = ("rouge",)
    baselines: ClassVar[tuple[str, ...]] = ("first_sentence", "first_words", "nearest")

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls.small()
