"""Shared parts of the sequence-to-sequence recipes: summaries, translation, dialogue."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.fields import STRICT, Checked, Count, Fraction, ProperFraction
from aigc_tf.recipes.options import Options
from aigc_tf.recipes.settings import AdamSettings, QuantizationLimits, ScheduleSettings, Settings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PairSettings(Settings):
    """Where the source and target texts are, and how they are tokenised."""

    columns: Annotated[tuple[str, ...], Field(min_length=2)] | None = None
    """Columns of a table: names from its first line, or numbers from 1; the last is the target, those before it are
    joined by line breaks (the turns of a dialogue). None: a table of two columns. For a TFDS set: its features."""
    target: str | None = None
    """A second file, whose lines are the targets of the source's lines."""
    unit: Literal["character", "byte", "word", "subword"] = "subword"
    """What a token is; subwords need the package tokenizers."""
    vocabulary_size: Annotated[int, Field(ge=16)] = 8192
    """Maximum size of the vocabulary; the most frequent tokens are kept."""
    shared: bool = True
    """One vocabulary for both sides, with shared embeddings; copying needs it."""
    source_length: PositiveInt = 128
    """Maximum tokens of a source; longer ones are truncated."""
    target_length: PositiveInt = 32
    """Maximum tokens of a target; pairs with longer ones are skipped."""
    max_pairs: PositiveInt = 1_000_000
    """Maximum number of pairs read."""

    def __post_init__(self) -> None:
        if self.target is not None and self.columns is not None:
            raise ValueError("pairs.columns is for a table, and pairs.target names a second file: give one of them")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PairLimits(QuantizationLimits):
    """By what share quantizing may raise the perplexity of targets; a file beyond it is not kept."""

    pairs: PositiveInt = 100
    """Pairs of the validation part to measure it on."""
    dynamic: NonNegativeFloat = 0.02
    """With 8-bit weights."""
    int8: NonNegativeFloat = 0.1
    """With 8-bit arithmetic."""

    @classmethod
    def tiny(cls) -> Self:
        """For networks that were hardly trained."""
        return cls(pairs=8, dynamic=0.5, int8=0.5)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Search(metaclass=Checked):
    """How a text is decoded from the model's token probabilities."""

    beams: Count = 4
    """Beam width of the search for the likeliest text; 1 is greedy decoding."""
    length_penalty: NonNegativeFloat = 1.0
    """α: candidates are ranked by log-probability / length^α (Wu et al. 2016, eq. 14); 0 favours short ones."""
    no_repeat: NonNegativeInt = 3
    """N-grams of this length are not repeated within a text (Paulus et al. 2018, §2.5); 0: no restriction."""
    temperature: NonNegativeFloat = 0.0
    """Above 0, sample instead of beam search, at this softmax temperature: below 1 more predictable, above 1 more
    varied."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Nucleus sampling: only the likeliest tokens that together have this probability (Holtzman et al. 2020)."""
    known_words: bool = False
    """Write only words of the source or of the training targets: subwords are not joined into new words."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Searching(Search, Options):
    """Writing a text for an input."""

    def arguments(self) -> dict[str, Any]:
        """The search, and options that a subclass adds."""
        names = Search.__dataclass_fields__.keys()
        own = {name: value for name, value in super().arguments().items() if name not in names}
        return own | {"search": Search(**{name: getattr(self, name) for name in names})}


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Rewriting(Searching):
    """Writing a text for an input text."""

    whole: bool = False
    """Take a whole file as one input; otherwise each line is an input, with a line of output."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DecoderRecipe(Recipe):
    """A recipe for an encoder-decoder model that writes text."""

    transform_options: ClassVar[type] = Searching

    depth: PositiveInt = 2
    """Transformer blocks of the encoder, and of the decoder; LSTMs have one layer."""
    heads: PositiveInt = 4
    """Attention heads in each block."""
    width: PositiveInt = 256
    """Width of the model; a multiple of twice the heads."""
    positions: Literal["rotary", "learned"] = "rotary"
    """Position encoding: rotary (Su et al. 2021), or learnt embeddings that are added."""
    activation: Literal["gelu", "relu", "silu"] = "relu"
    """Activation of the feed-forward layers in each block."""
    embedding_deviation: PositiveFloat = 0.02
    """Standard deviation of the initial embeddings."""
    label_smoothing: Fraction = 0.1
    """Label smoothing: share of a target's probability spread over all tokens (Szegedy et al. 2016, §7)."""
    dropout: ProperFraction = 0.1
    """Dropout rate during training."""
    drop_words: ProperFraction = 0.0
    """Word dropout: share of the decoder's input tokens replaced by the unknown token during training, so that it
    relies on the encoder (Bowman et al. 2016, §3.1)."""
    optimizer: AdamSettings = AdamSettings(learning_rate=1e-3, beta_2=0.98, clip_norm=1.0)
    schedule: ScheduleSettings = ScheduleSettings(warmup_steps=200)
    weight_decay: NonNegativeFloat = 0.01
    """Decoupled weight decay of matrices, scaled by the learning rate (Loshchilov & Hutter 2019); vectors have none."""

    def __post_init__(self) -> None:
        if self.width % (2 * self.heads):
            raise ValueError(f"width is {self.width}: it must be a multiple of twice the heads ({self.heads})")

    @property
    @abc.abstractmethod
    def target_length(self) -> int:
        """Maximum tokens of a target, in training and when writing."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Seq2SeqRecipe(DecoderRecipe):
    """A recipe for a sequence-to-sequence model of text."""

    model: ClassVar[str] = "aigc_tf.families.text.seq2seq.model:Seq2Seq"
    networks: ClassVar[Mapping[str, str]] = {"networks": "aigc_tf.families.text.seq2seq.networks:seq2seq"}
    data: ClassVar[str] = "aigc_tf.data.pairs.opening:open_source"
    reads: ClassVar[tuple[str, ...]] = (".tsv", ".csv", ".jsonl")
    assets: ClassVar[Mapping[str, str]] = {"vocabularies": "aigc_tf.data.pairs.vocabularies:Vocabularies"}
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.text.targets:HeldOutTargets",
        "aigc_tf.metrics.text.rewriting:Rewritten",
    )
    chooses: ClassVar[str] = "aigc_tf.metrics.text.targets:NatsPerSymbol"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.pairs:pair_quality"
    transform_options: ClassVar[type] = Rewriting
    figures: ClassVar[tuple[str, ...]]
    """Metrics that compare generated texts with those of the held-out pairs: `rouge`, `bleu`."""
    baselines: ClassVar[tuple[str, ...]]
    """Baselines (`aigc_tf.metrics.text.simple_writers`)."""

    pairs: PairSettings = PairSettings()
    steps: PositiveInt = 3000
    batch_size: PositiveInt = 32
    encoder: Literal["transformer", "lstm"] = "transformer"
    """Transformer (Vaswani et al. 2017), or LSTM encoder and decoder with attention (Luong et al. 2015)."""
    copies: bool = True
    """Copy head (pointer-generator): tokens can be copied from the source (See et al. 2017, eq. 9)."""
    export_limits: PairLimits = PairLimits()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.copies and not self.pairs.shared:
            raise ValueError(
                "copies is True, and pairs.shared False: a copied token needs one vocabulary for both sides"
            )

    @property
    def target_length(self) -> int:
        """Maximum target length of the pairs."""
        return self.pairs.target_length

    @classmethod
    def small(cls) -> Self:
        """A version that trains a step in milliseconds, for `tiny` of the recipes."""
        return cls(
            pairs=PairSettings(unit="character", vocabulary_size=64, source_length=24, target_length=12),
            batch_size=8,
            depth=1,
            heads=2,
            width=16,
            export_limits=PairLimits.tiny(),
        )
