"""Shared parts of the recipes for tabular data: rows of numbers and categories (002 §6.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import NonNegativeFloat, PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.series import SheetSettings
from aigc_tf.recipes.settings import QuantizationLimits


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TableSettings(SheetSettings):
    """Which columns are used, and their types."""

    part: ClassVar[str] = "table"

    columns: tuple[str, ...] = ()
    """Names of the columns to use, in this order; all by default."""
    categories: tuple[str, ...] = ()
    """Numeric columns to treat as categorical: codes, grades."""
    numbers: tuple[str, ...] = ()
    """Columns to treat as numeric although they have few distinct values."""
    target: str | None = None
    """The column predicted from the others when synthetic rows are evaluated; None is the last one."""
    modes: PositiveInt = 10
    """Maximum components of the Gaussian mixture of each numeric column (Xu et al. 2019, §4.2)."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TableExportLimits(QuantizationLimits):
    """By how much quantizing may raise the distance of the marginals; a file beyond it is not kept."""

    samples: PositiveInt = 2_000
    """Rows generated to measure it."""
    dynamic: NonNegativeFloat = 0.02
    """With 8-bit weights."""
    int8: NonNegativeFloat = 0.05
    """With 8-bit arithmetic."""

    @classmethod
    def tiny(cls) -> Self:
        """For networks that were hardly trained."""
        return cls(samples=200, dynamic=0.5, int8=0.5)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TableRecipe(Recipe):
    """A recipe for a model that generates rows of a table."""

    data: ClassVar[str] = "aigc_tf.data.tables.opening:open_source"
    reads: ClassVar[tuple[str, ...]] = (".csv", ".tsv")
    assets: ClassVar[Mapping[str, str]] = {"scheme": "aigc_tf.data.tables.scheme:Scheme"}
    evaluators: ClassVar[tuple[str, ...]] = (
        "aigc_tf.metrics.tables.fidelity:Fidelity",
        "aigc_tf.metrics.tables.utility:Utility",
        "aigc_tf.metrics.tables.copies:Copies",
    )
    export_quality: ClassVar[str] = "aigc_tf.export.quality.tables:table_quality"
    draws_by_condition: ClassVar[bool] = False
    """Whether training rows are sampled by one of their categories, which comes with them (training-by-sampling)."""

    table: TableSettings = TableSettings()
    latent_dim: PositiveInt = 16
    """Length of the latent vector."""
    average_rows: PositiveInt | None = 100_000
    """Horizon, in training rows, of the exponential moving average (EMA) of the weights; None keeps no EMA."""
    export_limits: TableExportLimits = TableExportLimits()
