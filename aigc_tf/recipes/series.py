"""Shared parts of the time-series recipes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.fields import STRICT, Checked
from aigc_tf.recipes.settings import QuantizationLimits


def _delimiter(given: str) -> str:
    found = "\t" if given in ("tab", "\\t") else given
    if found != "auto" and (len(found) != 1 or found.isalnum() or found in '"\r\n\0'):
        raise ValueError("expected auto, tab, or one character such as ;")
    return found


def _encoding(given: str) -> str:
    try:
        if given != "auto":
            b"a".decode(given)
    except UnicodeError:  # UTF-16 has no such text
        pass
    except (LookupError, ValueError):
        raise ValueError("expected auto, or an encoding that Python knows, such as gb18030") from None
    return given


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SheetSettings(metaclass=Checked):
    """Format of a text table (CSV)."""

    part: ClassVar[str]
    """What recipes call these settings: messages name `part.encoding`."""

    delimiter: Annotated[str, AfterValidator(_delimiter)] = "auto"
    """Delimiter of the table's cells: one character, or tab."""
    decimal: Literal["auto", ".", ","] = "auto"
    """Decimal separator of the table."""
    encoding: Annotated[str, AfterValidator(_encoding)] = "auto"
    """Encoding of the table, by Python's name."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SeriesSettings(SheetSettings):
    """Which series are read, and the length of their windows."""

    part: ClassVar[str] = "series"

    length: PositiveInt = 24
    """Time steps: the context from which the next value is predicted (the order), or the length of a sequence."""
    columns: tuple[str, ...] = ()
    """Names of the series to use, in this order; by default every numeric column except the time."""
    missing: Literal["auto", "interpolate", "refuse"] = "auto"
    """Empty cells and uneven time steps: interpolate fills them linearly, refuse rejects them, auto rejects empty cells
    and treats uneven steps as even."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SeriesExportLimits(QuantizationLimits):
    """By what share quantizing may raise an error on held-out series; a file beyond it is not kept."""

    samples: Annotated[int, Field(ge=2)] = 500
    """Held-out windows to measure it on."""
    dynamic: NonNegativeFloat = 0.02
    """With 8-bit weights."""
    int8: NonNegativeFloat = 0.1
    """With 8-bit arithmetic."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SeriesRecipe(Recipe):
    """A recipe for a model of one or several series of real numbers."""

    data: ClassVar[str] = "aigc_tf.data.series.opening:open_source"
    reads: ClassVar[tuple[str, ...]] = (".csv", ".tsv")
    assets: ClassVar[Mapping[str, str]] = {"scaling": "aigc_tf.data.series.opening:Scaling"}

    series: SeriesSettings = SeriesSettings()
    export_limits: SeriesExportLimits = SeriesExportLimits()

    @property
    def window(self) -> int:
        """Time steps in a training example."""
        return self.series.length
