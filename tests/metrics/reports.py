"""Evaluation in tests."""

from __future__ import annotations

from typing import Any

from aigc_tf.data.source import PartName
from aigc_tf.metrics.evaluator import Evaluator, Request, evaluate


def report_of(
    evaluator: Evaluator,
    model: Any,
    source: Any,
    recipe: Any,
    samples: int = 10_000,
    seed: int = 0,
    part: PartName = "test",
    **options: Any,
) -> dict[str, Any]:
    """Report of one evaluator on a model, as from `Run.evaluate`."""
    request = Request(part=part, samples=samples, seed=seed, options=options)
    return evaluate([evaluator], model, source, recipe, request)
