"""Shared parts of the text recipes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.fields import STRICT, Checked, Fraction, ProperFraction
from aigc_tf.recipes.options import Writing
from aigc_tf.recipes.settings import AdamSettings, QuantizationLimits, ScheduleSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TextSettings(metaclass=Checked):
    """How text is tokenised and split into examples."""

    unit: Literal["character", "byte", "word", "subword"] = "character"
    """What a token is; subwords need the package tokenizers."""
    vocabulary_size: Annotated[int, Field(ge=16)] | None = None
    """Maximum size of the vocabulary; the most frequent tokens are kept. None keeps all (4,096 subwords)."""
    lines: bool = False
    """Each line is a separate example, with an end token; otherwise the text is one stream, cut into windows."""
    length: PositiveInt = 128
    """Context length in tokens; with lines, the longest line that is used."""
    consecutive: bool = False
    """Each row of a batch continues the same row of the previous batch, for networks that carry a state."""
    feature: str | None = None
    """The feature of a TFDS set that is read; None takes `text`, or the only one that is text."""
    labelled: bool = False
    """The source has labelled texts, as the recipe classify reads them: labels are dropped, and its test texts are held
    out."""
    max_bytes: PositiveInt = 1_000_000_000
    """Maximum bytes read from a source: of a folder, files spread evenly over their names; otherwise the beginning."""
    files: str = "*.txt"
    """Which files of a folder are read."""
    max_unreadable: Fraction = 0.01
    """Largest share of files that is skipped because they are not UTF-8 text; more are an error."""

    @property
    def context(self) -> int:
        """Maximum input tokens of the network; a line is preceded by BOS."""
        return self.length + self.lines


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TextExportLimits(QuantizationLimits):
    """By what share quantizing may raise the perplexity of held-out text; a file beyond it is not kept."""

    symbols: Annotated[int, Field(ge=16)] = 2000
    """Consecutive tokens of held-out text to measure it on."""
    dynamic: NonNegativeFloat = 0.01
    """With 8-bit weights."""
    int8: NonNegativeFloat = 0.05
    """With 8-bit arithmetic."""

    @classmethod
    def tiny(cls) -> Self:
        """For networks that were hardly trained."""
        return cls(symbols=100, dynamic=0.5, int8=0.5)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TextRecipe(Recipe):
    """A recipe for a model that writes text token by token."""

    data: ClassVar[str] = "aigc_tf.data.text.opening:open_source"
    reads: ClassVar[tuple[str, ...]] = (".txt", ".md", ".py", ".json")
    assets: ClassVar[Mapping[str, str]] = {"vocabulary": "aigc_tf.data.text.vocabulary:Vocabulary"}
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.text.likelihood:HeldOutText",
        "aigc_tf.metrics.text.copied_text:Copies",
    )
    chooses: ClassVar[str] = "aigc_tf.metrics.text.likelihood:BitsPerCharacter"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.text:text_quality"
    sample_options: ClassVar[type] = Writing

    text: TextSettings = TextSettings()
    optimizer: AdamSettings = AdamSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    weight_decay: NonNegativeFloat = 0.0
    """Decoupled weight decay of matrices, scaled by the learning rate (Loshchilov & Hutter 2019); vectors have none."""
    dropout: ProperFraction = 0.0
    """Dropout rate during training."""
    export_limits: TextExportLimits = TextExportLimits()
