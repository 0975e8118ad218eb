"""Shared parts of the recipes for daily returns (002 §6.6, 004 §6.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import Field, NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.series import SheetSettings
from aigc_tf.recipes.settings import QuantizationLimits

SHORTEN = 8
"""Networks halve windows three times."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ReturnSettings(SheetSettings):
    """Which prices are read, and the length of the windows of returns."""

    part: ClassVar[str] = "returns"

    column: str | None = None
    """The column of prices; None takes Adj Close or Close, or else the only column of numbers."""
    length: Annotated[int, Field(ge=16, le=1024)] = 64
    """Trading days per window, a multiple of 8."""

    def __post_init__(self) -> None:
        if self.length % SHORTEN:
            raise ValueError(f"returns.length is {self.length}: give a multiple of {SHORTEN}")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ReturnExportLimits(QuantizationLimits):
    """By what share quantizing may change the standard deviation of generated returns; a file beyond it is not kept."""

    samples: PositiveInt = 500
    """Windows generated to measure it."""
    dynamic: NonNegativeFloat = 0.05
    """With 8-bit weights."""
    int8: NonNegativeFloat = 0.1
    """With 8-bit arithmetic."""

    @classmethod
    def tiny(cls) -> Self:
        """For networks that were hardly trained."""
        return cls(samples=100, dynamic=0.5, int8=0.5)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ReturnRecipe(Recipe):
    """A recipe for a model that generates windows of daily returns."""

    data: ClassVar[str] = "aigc_tf.data.returns.opening:open_source"
    reads: ClassVar[tuple[str, ...]] = (".csv", ".tsv")
    assets: ClassVar[Mapping[str, str]] = {"scaling": "aigc_tf.data.series.source:Scaling"}
    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.returns.facts:StylisedFacts",)
    export_quality: ClassVar[str] = "aigc_tf.export.quality.returns:return_quality"

    returns: ReturnSettings = ReturnSettings()
    filters: PositiveInt = 32
    """Channels of the convolutions."""
    average_windows: PositiveInt | None = 50_000
    """Horizon, in training windows, of the exponential moving average (EMA) of the weights; None keeps no EMA."""
    export_limits: ReturnExportLimits = ReturnExportLimits()
