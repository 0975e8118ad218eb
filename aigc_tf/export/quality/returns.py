"""The effect of quantization on models of returns: standard deviation of samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from aigc_tf.data.series.source import SeriesSource
from aigc_tf.export.quality.change import Call, checked, networks_of, require_at_most
from aigc_tf.export.runner import Runner
from aigc_tf.metrics.evaluator import CHOOSING_SEED
from aigc_tf.recipes.finance import ReturnRecipe


def return_quality(
    model: Any, source: SeriesSource, recipe: ReturnRecipe, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """Standard deviation of sampled returns, in percent, before and after quantization.

    Args:
        model: has the signature `generate`.
        source: not used.
        recipe: the model's recipe, with `export_limits`.
        runner: runs the exported file.
        quantize: `dynamic` or `int8`.

    Raises:
        VerificationError: it changes by a larger share than the recipe allows.
    """
    del source
    limits, signatures = recipe.export_limits, model.signatures()
    inputs = signatures["generate"].examples(limits.samples, CHOOSING_SEED)

    def deviation(call: Call) -> float:
        outputs = {name: np.asarray(values) for name, values in call("generate", inputs).items()}
        return float(model.windows_of(outputs, np.random.default_rng(0)).std())

    before, after = map(deviation, checked(networks_of(signatures), runner.map))
    allowed = limits.of(quantize)
    require_at_most(
        abs(after / before - 1),
        allowed,
        f"quantize {quantize} changes the deviation of generated returns from {before:.3g} to {after:.3g} %; "
        f"export_limits.{quantize} allows {allowed:.0%}",
    )
    measure = f"standard deviation of the returns of {limits.samples:,} generated windows, in percent"
    return {
        "generate": {
            "measure": measure,
            "before": before,
            "after": after,
            "change": after / before - 1,
            "limit": allowed,
        }
    }
