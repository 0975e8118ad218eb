"""What the recipes of models that write a text for a text share: summaries, translation, dialogue."""

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
    """Where the two texts of a pair are, and how they become numbers."""

    columns: Annotated[tuple[str, ...], Field(min_length=2)] | None = None
    """Of a table: names from its first line, or numbers from 1 on; the last is what is to be written, all before it are
    joined by line breaks (the turns of a dialogue). None: a table of two columns. Of a TFDS set: its features."""
    target: str | None = None
    """A second file, which has in each line what is to be written for that line of the source."""
    unit: Literal["character", "byte", "word", "subword"] = "subword"
    """What one number stands for; subwords need the package tokenizers."""
    vocabulary_size: Annotated[int, Field(ge=16)] = 8192
    """Symbols that are kept, the most frequent."""
    shared: bool = True
    """One vocabulary for both sides, whose embeddings are shared; copying needs it."""
    source_length: PositiveInt = 128
    """Symbols of a source that are read; longer ones are cut off."""
    target_length: PositiveInt = 32
    """Symbols of the longest target that is learnt from; pairs with longer ones are left out."""
    max_pairs: PositiveInt = 1_000_000
    """The most that are read."""

    def __post_init__(self) -> None:
        if self.target is not None and self.columns is not None:
            raise ValueError("pairs.columns is for a table, and pairs.target names a second file: give one of them")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PairLimits(QuantizationLimits):
    """What quantizing may change; a file beyond it is not kept."""

    pairs: PositiveInt = 100
    """Of the validation part, on which it is measured."""
    dynamic: NonNegativeFloat = 0.02
    """By what share 8-bit weights may raise the perplexity of targets."""
    int8: NonNegativeFloat = 0.1
    """The same of 8-bit arithmetic."""

    @classmethod
    def tiny(cls) -> Self:
        """For networks that were hardly trained."""
        return cls(pairs=8, dynamic=0.5, int8=0.5)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Search(metaclass=Checked):
    """How a text is chosen from the probabilities that a model gives its symbols."""

    beams: Count = 4
    """Candidates of the beam search for the likeliest text; 1 is greedy, the likeliest symbol always."""
    length_penalty: NonNegativeFloat = 1.0
    """α: candidates compete by log-probability divided by length^α (Wu et al. 2016, eq. 14); 0 favours short ones."""
    no_repeat: NonNegativeInt = 3
    """No sequence of so many symbols comes twice in a text (Paulus et al. 2018, §2.5); 0: any may."""
    temperature: NonNegativeFloat = 0.0
    """Above 0 symbols are drawn, from probabilities sharpened below 1 and flattened above, and nothing is searched."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Of drawing: only the likeliest symbols that together have this probability (Holtzman et al. 2020)."""
    known_words: bool = False
    """Write only words of the source or of the training targets: subwords cannot be joined to new ones."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Searching(Search, Options):
    """Writing a text for something."""

    def arguments(self) -> dict[str, Any]:
        """The search, and what a subclass adds."""
        names = Search.__dataclass_fields__.keys()
        own = {name: value for name, value in super().arguments().items() if name not in names}
        return own | {"search": Search(**{name: getattr(self, name) for name in names})}


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Rewriting(Searching):
    """Writing a text for a text."""

    whole: bool = False
    """All lines of a text are one input; otherwise each line is one, and gets a line."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DecoderRecipe(Recipe):
    """A recipe for a model whose decoder writes a text for something that is read."""

    transform_options: ClassVar[type] = Searching

    depth: PositiveInt = 2
    """Blocks of encoder and decoder, each; LSTMs have one layer."""
    heads: PositiveInt = 4
    """Of the attention in each block."""
    width: PositiveInt = 256
    """Of a symbol's representation; a multiple of twice the heads."""
    positions: Literal["rotary", "learned"] = "rotary"
    """How the attention knows them: queries and keys rotated (Su et al. 2021), or a vector for each, added."""
    activation: Literal["gelu", "relu", "silu"] = "relu"
    """Between the two layers of a block that follow the attention."""
    embedding_deviation: PositiveFloat = 0.02
    """Of the embedding's first values."""
    label_smoothing: Fraction = 0.1
    """Share of a target's probability that is spread over all symbols (Szegedy et al. 2016, §7)."""
    dropout: ProperFraction = 0.1
    """Share of the activations that a training step leaves out."""
    drop_words: ProperFraction = 0.0
    """Share of the symbols written before that a training step takes for unknown ones, so that the next one has to come
    from what is read (Bowman et al. 2016, §3.1)."""
    optimizer: AdamSettings = AdamSettings(learning_rate=1e-3, beta_2=0.98, clip_norm=1.0)
    schedule: ScheduleSettings = ScheduleSettings(warmup_steps=200)
    weight_decay: NonNegativeFloat = 0.01
    """Of matrices, in each step times the learning rate (Loshchilov & Hutter 2019); vectors have none."""

    def __post_init__(self) -> None:
        if self.width % (2 * self.heads):
            raise ValueError(f"width is {self.width}: it must be a multiple of twice the heads ({self.heads})")

    @property
    @abc.abstractmethod
    def target_length(self) -> int:
        """Symbols of the longest text that is learnt and written."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Seq2SeqRecipe(DecoderRecipe):
    """A recipe for a model that writes a text for a text."""

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
    """What compares written texts with those of the held-out pairs: `rouge`, `bleu`."""
    baselines: ClassVar[tuple[str, ...]]
    """Simpler methods beside the model (`aigc_tf.metrics.text.simple_writers`)."""

    pairs: PairSettings = PairSettings()
    steps: PositiveInt = 3000
    batch_size: PositiveInt = 32
    encoder: Literal["transformer", "lstm"] = "transformer"
    """Attention throughout (Vaswani et al. 2017), or LSTMs on both sides with attention between them (Luong et al.
    2015)."""
    copies: bool = True
    """A copy head: symbols can be taken from the source by their places (See et al. 2017, eq. 9)."""
    export_limits: PairLimits = PairLimits()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.copies and not self.pairs.shared:
            raise ValueError(
                "copies is True, and pairs.shared False: a copied symbol needs one vocabulary for both sides"
            )

    @property
    def target_length(self) -> int:
        """That of the pairs."""
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
