"""What the recipes of all models of real-valued series share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field, NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.settings import QuantizationLimits


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SeriesSettings:
    """Which series are read, and how much of them is seen at once."""

    length: PositiveInt = 24
    """Steps of time: those that the next value is predicted from (the order), or those of a sequence."""
    columns: tuple[str, ...] = ()
    """Names of the series that are used, in this order; none for every column of numbers."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SeriesExportLimits(QuantizationLimits):
    """By what share quantizing may raise an error on held-out series; a file beyond it is not kept."""

    samples: Annotated[int, Field(ge=2)] = 500
    """Held-out windows on which it is measured."""
    dynamic: NonNegativeFloat = 0.02
    """With 8-bit weights."""
    int8: NonNegativeFloat = 0.1
    """With 8-bit arithmetic."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SeriesRecipe(Recipe):
    """A recipe for a model of one or several series of real numbers."""

    data: ClassVar[str] = "aigc_tf.data.series.opening:open_source"
    assets: ClassVar[Mapping[str, str]] = {"scaling": "aigc_tf.data.series.opening:Scaling"}

    series: SeriesSettings = SeriesSettings()
    export_limits: SeriesExportLimits = SeriesExportLimits()

    @property
    def window(self) -> int:
        """Steps of time in a training example."""
        return self.series.length
