"""Tells the classes of texts apart (003 §4.1.3): sentiment, topics, spam."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.char_rnn import RecurrentSettings
from aigc_tf.recipes.fields import STRICT, ProperFraction
from aigc_tf.recipes.labels import LabelSettings
from aigc_tf.recipes.options import Options
from aigc_tf.recipes.settings import AdamSettings, QuantizationLimits, ScheduleSettings
from aigc_tf.recipes.text import TextSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AccuracyLimits(QuantizationLimits):
    """By how much quantizing may lower the accuracy on the validation part; a file beyond it is not kept."""

    texts: PositiveInt = 500
    """Of the validation part, on which it is measured."""
    dynamic: NonNegativeFloat = 0.01
    """With 8-bit weights."""
    int8: NonNegativeFloat = 0.02
    """With 8-bit arithmetic."""

    @classmethod
    def tiny(cls) -> Self:
        """For networks that were hardly trained."""
        return cls(texts=20, dynamic=0.5, int8=0.5)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Reading(Options):
    """What is read of a text."""

    whole: bool = False
    """All lines of a text are one input; otherwise each line is one, and gets a line."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Classify(Recipe):
    """Classifier of texts: a language model's states, attention over them (Yang et al. 2016), and evidence of
    symbols and pairs.

    With `start_from` of a language model of the same text (a run of gpt or char_rnn whose sizes are the same), its
    weights are where it begins (Dai & Le 2015; Radford et al. 2018).
    """

    model: ClassVar[str] = "aigc_tf.families.text.classification.model:TextClassifier"
    networks: ClassVar[Mapping[str, str]] = {"networks": "aigc_tf.families.text.classification.networks:classifier"}
    pipeline_tag: ClassVar[str | None] = "text-classification"
    data: ClassVar[str] = "aigc_tf.data.labelled.opening:open_source"
    assets: ClassVar[Mapping[str, str]] = {
        "vocabulary": "aigc_tf.data.text.vocabulary:Vocabulary",
        "classes": "aigc_tf.data.classes:ClassNames",
        "evidence": "aigc_tf.data.labelled.evidence:Evidence",
    }
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.text.classification:Classified",
        "aigc_tf.metrics.text.deletion:Deletion",
    )
    chooses: ClassVar[str] = "aigc_tf.metrics.held_out:HeldOutLoss"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.classification:classification_quality"
    transform_options: ClassVar[type] = Reading

    text: TextSettings = TextSettings(unit="word", vocabulary_size=8192, lines=True, length=64)
    labelled: LabelSettings = LabelSettings()
    """The evidence is learnt from the texts without a label, too."""
    steps: PositiveInt = 600
    batch_size: PositiveInt = 32
    encoder: Literal["transformer", "recurrent"] = "transformer"
    """The network of the recipe gpt, or that of char_rnn; both read from left to right."""
    depth: PositiveInt = 2
    """Blocks of the transformer."""
    heads: PositiveInt = 4
    """Of the attention in each block."""
    width: PositiveInt = 128
    """Of a symbol's representation in the transformer; a multiple of twice the heads."""
    positions: Literal["rotary", "learned"] = "rotary"
    """How the attention knows them: queries and keys rotated (Su et al. 2021), or a vector for each, added."""
    activation: Literal["gelu", "relu", "silu"] = "relu"
    """Between the two layers of a block that follow the attention."""
    embedding_deviation: PositiveFloat = 0.02
    """Of the embedding's first values."""
    recurrent: RecurrentSettings = RecurrentSettings(units=128)
    """The layers of the recurrent network."""
    evidence: NonNegativeInt = 2**16
    """Places of the table that pairs of neighbouring symbols are hashed into: what symbols and pairs say of the class
    by naive Bayes (Wang & Manning 2012) is added to what the network says. 0: the network alone."""
    dropout: ProperFraction = 0.2
    """Share of the activations that a training step leaves out."""
    symbol_dropout: ProperFraction = 0.1
    """Share of the symbols that a training step takes for unknown (Iyyer et al. 2015, §3.1)."""
    optimizer: AdamSettings = AdamSettings(learning_rate=1e-3, clip_norm=1.0)
    schedule: ScheduleSettings = ScheduleSettings(warmup_steps=50)
    weight_decay: NonNegativeFloat = 0.1
    """Of matrices, in each step times the learning rate (Loshchilov & Hutter 2019); vectors have none."""
    export_limits: AccuracyLimits = AccuracyLimits()

    def __post_init__(self) -> None:
        if self.width % (2 * self.heads):
            raise ValueError(f"width is {self.width}: it must be a multiple of twice the heads ({self.heads})")
        if not self.text.lines:
            raise ValueError("text.lines is False: each text is an example of its own, leave it out")

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            text=TextSettings(unit="word", lines=True, length=12),
            batch_size=8,
            depth=1,
            heads=2,
            width=16,
            evidence=64,
            export_limits=AccuracyLimits.tiny(),
        )
