"""Text classification (003 §4.1.3): sentiment, topics, spam."""

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
from aigc_tf.recipes.settings import AdamSettings, LoggingSettings, QuantizationLimits, ScheduleSettings
from aigc_tf.recipes.text import TextSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AccuracyLimits(QuantizationLimits):
    """By how much quantizing may lower the accuracy on the validation part; a file beyond it is not kept."""

    texts: PositiveInt = 500
    """Texts of the validation part to measure it on."""
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
    """How an input file is split into texts."""

    whole: bool = False
    """Take a whole file as one input; otherwise each line is an input, with a line of output."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Classify(Recipe):
    """Text classifier: a language model's states, attention pooling (Yang et al. 2016), plus naive Bayes on bigrams.

    With `start_from`, the weights of a language model of the same text (a run of gpt or char_rnn of the same sizes)
    initialise it (Dai & Le 2015; Radford et al. 2018).
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
    """Which labels are used; naive Bayes is also fitted to the unlabelled texts (EM)."""
    steps: PositiveInt = 400
    batch_size: PositiveInt = 32
    encoder: Literal["transformer", "recurrent"] = "transformer"
    """The network of the recipe gpt, or that of char_rnn; both read from left to right."""
    depth: PositiveInt = 2
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
    recurrent: RecurrentSettings = RecurrentSettings(units=128)
    """The layers of the recurrent network."""
    evidence: NonNegativeInt = 2**16
    """Hash buckets for bigrams: the evidence of naive Bayes on tokens and bigrams (Wang & Manning 2012) is added to the
    network's logits. 0: the network alone."""
    dropout: ProperFraction = 0.0
    """Dropout rate during training."""
    symbol_dropout: ProperFraction = 0.15
    """Share of the tokens replaced by the unknown token during training (Iyyer et al. 2015, §3.1)."""
    optimizer: AdamSettings = AdamSettings(learning_rate=8e-4, clip_norm=1.0)
    schedule: ScheduleSettings = ScheduleSettings(warmup_steps=50)
    weight_decay: NonNegativeFloat = 0.3
    """Decoupled weight decay of matrices, scaled by the learning rate (Loshchilov & Hutter 2019); vectors have none."""
    logging: LoggingSettings = LoggingSettings(evaluate_every=50)
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
