"""Music for several voices: a transformer that draws pieces, and fits voices to those that are given (000 §3.10.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.fields import STRICT, Checked, Fraction, ProperFraction
from aigc_tf.recipes.options import Options
from aigc_tf.recipes.settings import AdamSettings, QuantizationLimits, ScheduleSettings, Settings

KEYS = ("c", "c#", "d", "d#", "e", "f", "f#", "g", "g#", "a", "a#", "b")
VOICES = ("soprano", "alto", "tenor", "bass")
MAX_BARS = 200


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MusicSettings(Settings):
    """How pieces become examples."""

    voices: Annotated[tuple[str, ...], Field(min_length=1, max_length=9)] = VOICES
    """From the highest down; a piece has one part for each."""
    window: Annotated[int, Field(ge=12)] = 96
    """Steps, sixteenth notes, that the network sees at once; a multiple of 12."""
    transpose: bool = True
    """Pieces are moved up and down as far as each voice stays between its lowest and highest training note."""
    melodies_apart: bool = True
    """Pieces whose highest voices are alike, up to transposition, are all trained on or all tested on."""
    max_unreadable: Fraction = 0.5
    """Largest share of files that are left out because they are damaged or do not have these voices; more are an
    error."""

    def __post_init__(self) -> None:
        if self.window % 12:
            raise ValueError(f"window is {self.window}: it must be a multiple of 12")
        if len({voice.casefold() for voice in self.voices}) < len(self.voices) or not all(map(str.strip, self.voices)):
            raise ValueError(f"voices are {', '.join(self.voices)}: give each a name of its own")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MusicLimits(QuantizationLimits):
    """By what share quantizing may raise the perplexity of held-out notes; a file beyond it is not kept."""

    pieces: PositiveInt = 4
    """Of the validation part, the first window of each, on which it is measured."""
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
    """How notes are drawn from the probabilities that a model gives them."""

    temperature: NonNegativeFloat = 1.0
    """What logits are divided by: below 1 more usual music, above 1 wilder; 0 is greedy, the likeliest note always."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Only the likeliest symbols that together have this probability (Holtzman et al. 2020)."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Composing(Choice, Options):
    """Drawing pieces."""

    bars: Annotated[int, Field(ge=1, le=MAX_BARS)] = 8
    """How many are drawn, after those of the prompt."""
    quarters: Annotated[int, Field(ge=1, le=8)] = 4
    """Of a bar; a prompt brings its own."""
    prompt: str = ""
    """A MIDI file that each piece begins with: all voices, or some, to which the others are fitted."""
    key: Literal["", "c", "c#", "d", "d#", "e", "f", "f#", "g", "g#", "a", "a#", "b"] = ""
    """The note on which the lowest voice ends: pieces are moved there by at most six semitones; any if it is empty."""

    def __post_init__(self) -> None:
        if self.key and self.prompt:
            raise ValueError(f"key is {self.key}: a prompt brings its own, leave one of them out")

    def arguments(self) -> dict[str, Any]:
        """`bars`, `quarters`, `prompt`, `key`, and a `Choice`."""
        chosen = {name: getattr(self, name) for name in ("bars", "quarters", "prompt", "key")}
        return {**chosen, "choice": _choice(self)}


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Harmonising(Choice, Options):
    """Fitting voices to those of a piece."""

    fix: tuple[str, ...] = ()
    """Voices that stay as they are, by name; if none are named all that a file has, or of a full score the highest. All
    others are made anew."""

    def arguments(self) -> dict[str, Any]:
        """`fix`, and a `Choice`."""
        return {"fix": self.fix, "choice": _choice(self)}


def _choice(options: Choice) -> Choice:
    return Choice(**{name: getattr(options, name) for name in Choice.__dataclass_fields__})


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Music(Recipe):
    """Causal transformer over interleaved voices, with an encoder of given notes (after Hadjeres et al. 2017)."""

    model: ClassVar[str] = "aigc_tf.families.music.model:MusicModel"
    networks: ClassVar[Mapping[str, str]] = {"networks": "aigc_tf.families.music.networks:music_networks"}
    data: ClassVar[str] = "aigc_tf.data.music.opening:open_source"
    reads: ClassVar[tuple[str, ...]] = (".mid", ".midi")
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.music.likelihood:HeldOutMusic",
        "aigc_tf.metrics.music.style:Style",
    )
    chooses: ClassVar[str] = "aigc_tf.metrics.music.likelihood:NatsPerCell"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.music:music_quality"
    sample_options: ClassVar[type] = Composing
    transform_options: ClassVar[type] = Harmonising

    music: MusicSettings = MusicSettings()
    steps: PositiveInt = 1800
    batch_size: PositiveInt = 8
    depth: PositiveInt = 4
    """Blocks that read the notes."""
    encoder_depth: PositiveInt = 2
    """Blocks that read what is given, in both directions."""
    heads: PositiveInt = 4
    """Of the attention in each block."""
    width: PositiveInt = 128
    """Of the stream; a multiple of twice the heads."""
    embedding_deviation: PositiveFloat = 0.02
    """Of the embeddings' first values."""
    nothing_given: Fraction = 0.4
    """Share of the training windows of which no notes are given: they teach to draw freely."""
    dropout: ProperFraction = 0.1
    """Share of the activations that a training step leaves out."""
    optimizer: AdamSettings = AdamSettings(learning_rate=2e-3, beta_2=0.98, clip_norm=1.0)
    schedule: ScheduleSettings = ScheduleSettings(warmup_steps=100)
    weight_decay: NonNegativeFloat = 0.1
    """Of matrices, in each step times the learning rate (Loshchilov & Hutter 2019); vectors have none."""
    export_limits: MusicLimits = MusicLimits()

    def __post_init__(self) -> None:
        if self.width % (2 * self.heads):
            raise ValueError(f"width is {self.width}: it must be a multiple of twice the heads ({self.heads})")

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            music=MusicSettings(window=24),
            batch_size=4,
            depth=1,
            encoder_depth=1,
            heads=2,
            width=16,
            export_limits=MusicLimits.tiny(),
        )
