"""Shared parts of the music recipes: how pieces become examples, how notes are sampled, and the transformer's sizes."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.fields import STRICT, Checked, Fraction, ProperFraction
from aigc_tf.recipes.options import Options
from aigc_tf.recipes.settings import AdamSettings, QuantizationLimits, ScheduleSettings, Settings

VOICES = ("soprano", "alto", "tenor", "bass")
BAR = 16
"""Steps in a bar of four quarters."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PiecesSettings(Settings):
    """Which pieces are read, and which of them stay together."""

    voices: Annotated[tuple[str, ...], Field(min_length=1, max_length=9)] = VOICES
    """Names of the voices, from the highest down; a piece has one part for each."""
    transpose: bool = True
    """Augment by transposing pieces as far as each voice stays between its lowest and highest training note."""
    melodies_apart: bool = True
    """Keep pieces with the same melody (highest voice), up to transposition, in the same split."""
    max_unreadable: Fraction = 0.5
    """Largest share of files that is skipped because they are damaged or lack these voices; more are an error."""

    def __post_init__(self) -> None:
        if len({voice.casefold() for voice in self.voices}) < len(self.voices) or not all(map(str.strip, self.voices)):
            raise ValueError(f"voices are {', '.join(self.voices)}: give each a name of its own")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ExcerptSettings(PiecesSettings):
    """How pieces in 4/4 become excerpts."""

    bars: Annotated[int, Field(ge=1, le=4)] = 2
    """Bars per excerpt, which begins at a bar line."""

    @property
    def steps(self) -> int:
        """Sixteenth notes in an excerpt."""
        return BAR * self.bars


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MusicLimits(QuantizationLimits):
    """By what share quantizing may raise the perplexity of held-out notes; a file beyond it is not kept."""

    pieces: PositiveInt = 4
    """Pieces of the validation part to measure it on, by the first window of each."""
    dynamic: NonNegativeFloat = 0.02
    """With 8-bit weights."""
    int8: NonNegativeFloat = 0.1
    """With 8-bit arithmetic."""

    @classmethod
    def tiny(cls) -> Self:
        """For networks that were hardly trained."""
        return cls(pieces=2, dynamic=0.5, int8=0.5)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Choice(metaclass=Checked):
    """How notes are sampled from a model's probabilities."""

    temperature: NonNegativeFloat = 1.0
    """Softmax temperature: below 1 music is more predictable, above 1 more varied; 0 is greedy decoding."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Nucleus sampling: only the likeliest notes that together have this probability (Holtzman et al. 2020)."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Drawing(Choice, Options):
    """Generating excerpts."""

    def arguments(self) -> dict[str, object]:
        """A `Choice`."""
        return {"choice": choice_of(self)}


def choice_of(options: Choice) -> Choice:
    """The `Choice` among options."""
    return Choice(**{name: getattr(options, name) for name in Choice.__dataclass_fields__})


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CellRecipe(Recipe):
    """A transformer over the cells of pieces."""

    reads: ClassVar[tuple[str, ...]] = (".mid", ".midi")

    steps: PositiveInt = 1800
    depth: PositiveInt = 4
    """Causal transformer blocks."""
    encoder_depth: PositiveInt = 2
    """Blocks of the bidirectional encoder."""
    heads: PositiveInt = 4
    """Attention heads in each block."""
    width: PositiveInt = 128
    """Width of the transformer; a multiple of twice the heads."""
    embedding_deviation: PositiveFloat = 0.02
    """Standard deviation of the initial embeddings."""
    dropout: ProperFraction = 0.1
    """Dropout rate during training."""
    optimizer: AdamSettings = AdamSettings(learning_rate=2e-3, beta_2=0.98, clip_norm=1.0)
    schedule: ScheduleSettings = ScheduleSettings(warmup_steps=100)
    weight_decay: NonNegativeFloat = 0.1
    """Decoupled weight decay of matrices, scaled by the learning rate (Loshchilov & Hutter 2019); vectors have none."""
    export_limits: MusicLimits = MusicLimits()

    def __post_init__(self) -> None:
        if self.width % (2 * self.heads):
            raise ValueError(f"width is {self.width}: it must be a multiple of twice the heads ({self.heads})")
