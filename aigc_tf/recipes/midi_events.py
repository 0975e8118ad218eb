"""Any polyphonic MIDI as words, one event after the other, written by a transformer (000 §3.10.3)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, NonNegativeInt, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, Fraction, ProperFraction
from aigc_tf.recipes.gpt import GPT
from aigc_tf.recipes.options import Writing
from aigc_tf.recipes.settings import Settings
from aigc_tf.recipes.text import TextExportLimits, TextSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PerformanceSettings(Settings):
    """How MIDI files become words."""

    transpose: Annotated[NonNegativeInt, Field(le=12)] = 5
    """Training windows are moved by up to so many semitones up or down, where the training part has such pitches."""
    max_unreadable: Fraction = 0.5
    """Largest share of files that are left out because they are damaged or too long; more are an error."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Playing(Writing):
    """Drawing pieces word by word."""

    prompt: str = ""
    """A MIDI file, or words of events, with which each piece begins."""
    tokens: Annotated[int, Field(ge=1)] = 600
    """The most words written after the prompt; two for a note, and one for each bar and each place in it."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MidiEvents(GPT):
    """The transformer of `gpt` over events of polyphonic music (after Huang & Yang 2020, "Pop Music Transformer")."""

    model: ClassVar[str] = "aigc_tf.families.text.events:EventModel"
    data: ClassVar[str] = "aigc_tf.data.music.event_source:open_source"
    reads: ClassVar[tuple[str, ...]] = ()  # `music` looks at folders of MIDI files
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.music.events:HeldOutEvents",
        "aigc_tf.metrics.music.events:EventSamples",
    )
    chooses: ClassVar[str] = "aigc_tf.metrics.held_out:HeldOutLoss"
    sample_options: ClassVar[type] = Playing
    pipeline_tag: ClassVar[str | None] = None

    text: TextSettings = TextSettings(unit="word", length=256)
    performances: PerformanceSettings = PerformanceSettings()
    steps: PositiveInt = 3000
    batch_size: PositiveInt = 16
    dropout: ProperFraction = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.text.unit != "word" or self.text.lines or self.text.labelled:
            raise ValueError("text: events are words (unit word) of pieces that are cut into windows: leave them so")

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        return cls(
            text=TextSettings(unit="word", length=24),
            batch_size=4,
            depth=1,
            heads=2,
            width=16,
            export_limits=TextExportLimits.tiny(),
        )
