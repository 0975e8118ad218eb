"""The effect of quantization on time series models: forecast and reconstruction errors."""

from __future__ import annotations

from typing import Any

import numpy as np

from aigc_tf.data.series.source import SeriesSource
from aigc_tf.export.quality.change import Call, checked, networks_of, relative_rise
from aigc_tf.export.runner import Runner
from aigc_tf.metrics.series.forecasts import origins_of, root_mean_square
from aigc_tf.recipes.series import SeriesRecipe


def forecast_quality(
    model: Any, source: SeriesSource, recipe: SeriesRecipe, runner: Runner, quantize: str
) -> dict[str, Any]:
    """Error of one-step forecasts of held-out values before and after quantization.

    Args:
        model: has the signature `step`.
        source: its `watched` part is forecast, since rejecting a file is a choice; test values must not influence
            choices.
        recipe: the model's recipe, with `export_limits`.
        runner: runs the exported file.
        quantize: `dynamic` or `int8`.

    Raises:
        VerificationError: the error rises by a larger share than the recipe allows.
    """
    order = recipe.series.length
    origins = origins_of(source, 1, recipe.export_limits.samples, "validation", known=order)
    values = source.before(int(origins.max()) + 1)
    states = values[origins[:, np.newaxis] + np.arange(-order, 0)].astype(np.float32)

    noise = np.zeros(values[origins].shape, np.float32)

    def error(call: Call) -> float:
        mean = call("step", {"state": states, "noise": noise})["mean"]
        return root_mean_square((mean - values[origins]) / source.scaling.deviation)

    calls = checked(networks_of(model.signatures(source)), runner.map)
    measure = "RMSE of held-out one-step forecasts, in deviations of the series"
    return {"step": relative_rise(measure, error, calls, quantize, recipe.export_limits.of(quantize))}


def reconstruction_quality(
    model: Any, source: SeriesSource, recipe: SeriesRecipe, runner: Runner, quantize: str
) -> dict[str, Any]:
    """Reconstruction error of held-out sequences; see `forecast_quality`."""
    windows = source.windows_of("validation", recipe.export_limits.samples)
    sequences = source.scaling.restore(windows).astype(np.float32)

    def error(call: Call) -> float:
        latents = call("encode", {"sequence": sequences})["mean"]
        rebuilt = call("decode", {"latent": latents})["sequence"]
        return root_mean_square(source.scaling.standardise(rebuilt) - windows)

    calls = checked(networks_of(model.signatures(source)), runner.map)
    measure = "RMSE of reconstructed held-out sequences, in deviations of the series"
    return {"decode": relative_rise(measure, error, calls, quantize, recipe.export_limits.of(quantize))}
