"""What the recipes of all models of text share."""

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
    """How text becomes numbers, and numbers become examples."""

    unit: Literal["character", "byte", "word", "subword"] = "character"
    """What one number stands for; subwords need the package tokenizers."""
    vocabulary_size: Annotated[int, Field(ge=16)] | None = None
    """Symbols that are kept, the most frequent; None keeps all (of subwords 4,096)."""
    lines: bool = False
    """Each line is an example of its own, with an end; otherwise the text is one stream, cut into windows."""
    length: PositiveInt = 128
    """Symbols in a window; of lines, the longest that is used."""
    consecutive: bool = False
    """Each row of a batch goes on where the same row of the batch before ended, for networks that carry a state."""
    feature: str | None = None
    """Of a TFDS set, the feature that is read; None takes `text`, or the only one that is text."""
    labelled: bool = False
    """The source is one of labelled texts, as the recipe classify reads them: the texts without their labels are read,
    and what it tests on is held out."""
    max_bytes: PositiveInt = 1_000_000_000
    """The most that is read of a source: of a folder files spread evenly over their names, otherwise the beginning."""
    files: str = "*.txt"
    """Which files of a folder are read."""
    max_unreadable: Fraction = 0.01
    """Largest share of files that are skipped because they are not text in UTF-8; more are an error."""

    @property
    def context(self) -> int:
        """Symbols that a network reads in a row, at most; a line comes after a boundary."""
        return self.length + self.lines


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TextExportLimits(QuantizationLimits):
    """By what share quantizing may raise the perplexity of held-out text; a file beyond it is not kept."""

    symbols: Annotated[int, Field(ge=16)] = 2000
    """Of held-out text, on which it is measured, one after the other."""
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
    """A recipe for a model that writes text symbol by symbol."""

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
    """Of matrices, in each step times the learning rate (Loshchilov & Hutter 2019); vectors have none."""
    dropout: ProperFraction = 0.0
    """Share of the activations that a training step leaves out."""
    export_limits: TextExportLimits = TextExportLimits()
