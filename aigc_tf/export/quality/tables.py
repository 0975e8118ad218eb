"""The effect of quantization on table generators: marginal distance of generated rows to validation rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from aigc_tf.data.tables.source import TableSource
from aigc_tf.export.quality.change import Call, checked, networks_of, require_at_most
from aigc_tf.export.runner import Runner
from aigc_tf.metrics.evaluator import CHOOSING_SEED
from aigc_tf.metrics.tables.fidelity import marginal_distances
from aigc_tf.recipes.tables import TableRecipe


def table_quality(
    model: Any, source: TableSource, recipe: TableRecipe, runner: Runner, quantize: str
) -> dict[str, dict[str, Any]]:
    """Marginal distance of generated rows before and after quantization; see `marginal_distances`.

    Args:
        model: has the signature `generate`.
        source: its `watched` rows are the reference: rejecting a file is a choice; test rows must not influence
            choices.
        recipe: the model's recipe, with `export_limits`.
        runner: runs the exported file.
        quantize: `dynamic` or `int8`.

    Raises:
        VerificationError: it rises by more than the recipe allows.
    """
    limits, signatures = recipe.export_limits, model.signatures(source)
    inputs = signatures["generate"].examples(limits.samples, CHOOSING_SEED)

    def distance(call: Call) -> float:
        outputs = call("generate", inputs)
        values = model.cells_of(outputs["row"], outputs.get("deviation"), np.random.default_rng(0))
        return float(marginal_distances(source.scheme, values, source.watched).mean())

    before, after = map(distance, checked(networks_of(signatures), runner.map))
    allowed = limits.of(quantize)
    require_at_most(
        after - before,
        allowed,
        f"quantize {quantize} raises the marginal distance of {limits.samples:,} generated rows from {before:.3f} to "
        f"{after:.3f}; export_limits.{quantize} allows {allowed:g}",
    )
    return {
        "generate": {
            "measure": f"marginal distance of {limits.samples:,} generated rows",
            "before": before,
            "after": after,
            "change": after - before,
            "limit": allowed,
        }
    }
