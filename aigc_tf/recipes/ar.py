"""The linear autoregressive model of 002 §3.3 and §4.3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import PositiveInt
from pydantic.dataclasses import dataclass

from aigc_tf.recipes.fields import STRICT
from aigc_tf.recipes.options import PathSampling
from aigc_tf.recipes.series import SeriesExportLimits, SeriesRecipe, SeriesSettings
from aigc_tf.recipes.settings import LoggingSettings


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AR(SeriesRecipe):
    """Linear autoregressive model of order series.length, fitted to each series separately."""

    model: ClassVar[str] = "aigc_tf.families.series.autoregression:Autoregression"
    pipeline_tag: ClassVar[str | None] = "time-series-forecasting"
    networks: ClassVar[Mapping[str, str]] = {
        "network": "aigc_tf.families.series.networks.linear_autoregression:next_value"
    }
    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.series.forecasts:Forecasts",)
    chooses: ClassVar[str] = "aigc_tf.metrics.series.forecasts:HeldOutRMSE"
    sample_options: ClassVar[type] = PathSampling
    export_quality: ClassVar[str] = "aigc_tf.export.quality.series:forecast_quality"

    # One step solves the least-squares problem where a batch holds all windows; longer series need several.
    steps: PositiveInt = 10
    batch_size: PositiveInt = 2**16
    """Windows per step; a series that has fewer contributes each of its windows once."""
    logging: LoggingSettings = LoggingSettings(scalars_every=1, samples_every=10, evaluate_every=1)
    horizon: PositiveInt = 12
    """Forecast horizon, in time steps, of the long-range forecasts that are evaluated."""
    season: PositiveInt = 1
    """Period of the seasonal-naive baseline, in time steps. 1: whichever of the last value and the usual seasons, such
    as the hours of a day or the months of a year, forecasts the training part best."""
    # For states in the series' own units, 256 levels are coarse compared with a small error.
    export_limits: SeriesExportLimits = SeriesExportLimits(int8=0.5)

    @property
    def window(self) -> int:
        """The input values plus the predicted one."""
        return self.series.length + 1

    @classmethod
    def tiny(cls) -> Self:
        """A version that trains on mini-batches of windows."""
        return cls(series=SeriesSettings(length=4), batch_size=256)
