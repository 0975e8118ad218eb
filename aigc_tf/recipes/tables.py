"""What the recipes of all models of tables share: rows of numbers and categories (002 §6.5)."""

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
    """Which columns are learnt, and as what."""

    part: ClassVar[str] = "table"

    columns: tuple[str, ...] = ()
    """Names of the columns that are used, in this order; none for all."""
    categories: tuple[str, ...] = ()
    """Columns of numbers that are names of kinds: codes, grades."""
    numbers: tuple[str, ...] = ()
    """Columns that are numbers although they have few different ones."""
    target: str | None = None
    """The column that is predicted from the others where synthetic rows are measured; None is the last one."""
    modes: PositiveInt = 10
    """Normal distributions that a column of numbers is a mixture of, at most (Xu et al. 2019, §4.2)."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TableExportLimits(QuantizationLimits):
    """By how much quantizing may raise the distance of the marginals; a file beyond it is not kept."""

    samples: PositiveInt = 2_000
    """Rows that are drawn for it."""
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
    """A recipe for a model that draws rows of a table."""

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
    """Whether training rows are drawn by single names of theirs, and come with them."""

    table: TableSettings = TableSettings()
    latent_dim: PositiveInt = 16
    """Length of the latent vector."""
    average_rows: PositiveInt | None = 100_000
    """Rows are drawn with a moving average (EMA) of the weights over so many rows of training; None keeps none."""
    export_limits: TableExportLimits = TableExportLimits()
