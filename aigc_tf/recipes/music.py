"""Music for several voices: a transformer that generates pieces and harmonises given voices (000 §3.10.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT, Fraction
from aigc_tf.recipes.options import Options
from aigc_tf.recipes.pieces import CellRecipe, Choice, MusicLimits, PiecesSettings, choice_of

KEYS = ("c", "c#", "d", "d#", "e", "f", "f#", "g", "g#", "a", "a#", "b")
MAX_BARS = 200


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MusicSettings(PiecesSettings):
    """How pieces become examples."""

    window: Annotated[int, Field(ge=12)] = 96
    """Context length in steps (sixteenth notes); a multiple of 12."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.window % 12:
            raise ValueError(f"window is {self.window}: it must be a multiple of 12")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Picking(Choice):
    """How notes, and pieces, are selected."""

    best_of: Annotated[int, Field(ge=1, le=64)] = 1
    """Candidates per piece; the one with the fewest parallel fifths, octaves and unisons is kept."""
    no_parallels: bool = False
    """Never sample notes that would make two voices move in parallel fifths, octaves or unisons."""

    def picked(self) -> dict[str, Any]:
        """`best_of`, `parallels`, and a `Choice`."""
        return {"best_of": self.best_of, "parallels": not self.no_parallels, "choice": choice_of(self)}


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Composing(Picking, Options):
    """Generating pieces."""

    bars: Annotated[int, Field(ge=1, le=MAX_BARS)] = 8
    """Bars to generate after those of the prompt."""
    quarters: Annotated[int, Field(ge=1, le=8)] = 4
    """Quarter notes per bar; a prompt brings its own."""
    prompt: str = ""
    """A MIDI file that each piece begins with: all voices, or some, to which the others are added."""
    key: Literal["", "c", "c#", "d", "d#", "e", "f", "f#", "g", "g#", "a", "a#", "b"] = ""
    """The last note of the lowest voice: pieces are transposed to it by at most six semitones; empty for any."""

    def __post_init__(self) -> None:
        if self.key and self.prompt:
            raise ValueError(f"key is {self.key}: a prompt brings its own, leave one of them out")

    def arguments(self) -> dict[str, Any]:
        """`bars`, `quarters`, `prompt`, `key`, `best_of`, `parallels`, and a `Choice`."""
        chosen = {name: getattr(self, name) for name in ("bars", "quarters", "prompt", "key")}
        return chosen | self.picked()


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Harmonising(Picking, Options):
    """Harmonising: generating voices for those of a given piece."""

    fix: tuple[str, ...] = ()
    """Voices to keep, by name; by default all that the file has, or the highest of a full score. All others are
    generated."""

    def arguments(self) -> dict[str, Any]:
        """`fix`, `best_of`, `parallels`, and a `Choice`."""
        return {"fix": self.fix, **self.picked()}


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Music(CellRecipe):
    """Causal transformer over interleaved voices, with an encoder of given notes (after Hadjeres et al. 2017)."""

    model: ClassVar[str] = "aigc_tf.families.music.model:MusicModel"
    networks: ClassVar[Mapping[str, str]] = {"networks": "aigc_tf.families.music.networks:music_networks"}
    data: ClassVar[str] = "aigc_tf.data.music.opening:open_source"
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.music.likelihood:HeldOutMusic",
        "aigc_tf.metrics.music.style:Style",
    )
    chooses: ClassVar[str] = "aigc_tf.metrics.music.likelihood:NatsPerCell"
    export_quality: ClassVar[str] = "aigc_tf.export.quality.music:music_quality"
    sample_options: ClassVar[type] = Composing
    transform_options: ClassVar[type] = Harmonising

    music: MusicSettings = MusicSettings()
    batch_size: PositiveInt = 8
    nothing_given: Fraction = 0.4
    """Share of the training windows without any given notes, which train unconditional generation."""

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
