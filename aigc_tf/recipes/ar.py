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
    """Linear autoregressive model of order series.length, for each series by itself."""

    model: ClassVar[str] = "aigc_tf.families.series.autoregression:Autoregression"
    pipeline_tag: ClassVar[str | None] = "time-series-forecasting"
    networks: ClassVar[Mapping[str, str]] = {
        "network": "aigc_tf.families.series.networks.linear_autoregression:next_value"
    }
    evaluators: ClassVar[tuple[str, ...]] = ("aigc_tf.metrics.series.forecasts:Forecasts",)
    chooses: ClassVar[str] = "aigc_tf.metrics.series.forecasts:HeldOutRMSE"
    sample_options: ClassVar[type] = PathSampling
    export_quality: ClassVar[str] = "aigc_tf.export.quality.series:forecast_quality"

    # One step is least squares where a batch holds all windows; longer series need some.
    steps: PositiveInt = 10
    batch_size: PositiveInt = 2**16
    """Windows in a step; of a series that has fewer, all of them, each once."""
    logging: LoggingSettings = LoggingSettings(scalars_every=1, samples_every=10, evaluate_every=1)
    horizon: PositiveInt = 12
    """Steps ahead of the far forecasts that are measured."""
    season: PositiveInt = 1
    """Steps after which the series repeats, for the forecasts they are measured beside. 1: of the last value and usual
    seasons, such as the hours of a day or the months of a year, what forecasts the training part best."""
    # Of states in the series' own units, 256 levels are coarse beside a small error.
    export_limits: SeriesExportLimits = SeriesExportLimits(int8=0.5)

    @property
    def window(self) -> int:
        """The values that are predicted from, and the one that is predicted."""
        return self.series.length + 1

    @classmethod
    def tiny(cls) -> Self:
        """A version that sees the series in parts."""
        return cls(series=SeriesSettings(length=4), batch_size=256)
