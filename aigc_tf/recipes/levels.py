"""Levels of games as grids of characters, written by a transformer (000 §3.13.2)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.gpt import GPT
from aigc_tf.recipes.settings import Settings
from aigc_tf.recipes.text import TextExportLimits, TextSettings

Tile = Annotated[str, Field(min_length=1, max_length=1)]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class LevelSettings(Settings):
    """The characters of a level that decide whether it can be played; all others are floor or lie on it."""

    wall: Tile = "#"
    """Cannot be walked on."""
    start: Tile = "S"
    """Where the player begins; a level has one."""
    exit: Tile = "X"
    """Where the level ends; it has one."""
    coin: Tile = "o"
    """To be collected: the player must get to all of them."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class Levels(GPT):
    """The transformer of `gpt` over levels, row by row (after Summerville & Mateas 2016)."""

    data: ClassVar[str] = "aigc_tf.data.text.levels:open_source"
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.text.likelihood:HeldOutText",
        "aigc_tf.metrics.text.designs:LevelSamples",
    )

    levels: LevelSettings = LevelSettings()
    steps: PositiveInt = 3000

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains a step in milliseconds."""
        text = TextSettings(length=16)
        return cls(text=text, batch_size=4, depth=2, heads=2, width=16, export_limits=TextExportLimits.tiny())
