"""Anomaly scores of exported files against Keras's: saturation and rank correlation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import aigc_tf
from aigc_tf.errors import InputError
from aigc_tf.export import Runner
from aigc_tf.export.verify import Arrays, run_keras
from aigc_tf.metrics.ranks import rank_correlation
from tools.benchmarks.tables import markdown

SEED = 7  # different from those for calibration and verification


def scores(run: Path, files: Sequence[Path], examples: int) -> dict[str, Any]:
    """Agreement of each file's signature `score` with the run's network.

    Args:
        run: run folder.
        files: `.tflite` files exported from it.
        examples: number of ordinary pictures, and of anomalous ones (`Pictures.strange`).

    Returns:
        By file: "at_the_ceiling", the share of pictures with the maximum score, over all and over anomalous ones; the
        rank correlation with the network over both kinds, and over each.

    Raises:
        InputError: the model has no signature `score`.
    """
    opened = aigc_tf.Run.open(run)
    signature = opened.model.signatures(opened.source).get("score")
    if signature is None or signature.strange is None:
        raise InputError(f"a {opened.recipe.slug()} exports no score: name a run of an autoencoder")
    kinds = {"ordinary": signature.examples(examples, SEED), "strange": signature.strange(examples, SEED)}
    expected = {kind: run_keras(signature.network, signature, inputs)["score"] for kind, inputs in kinds.items()}
    return {str(file): _agreement(expected, _answers(file, kinds)) for file in files}


def _answers(file: Path, kinds: dict[str, Arrays]) -> dict[str, np.ndarray]:
    runner = Runner(file)
    return {kind: runner.map("score", inputs)["score"] for kind, inputs in kinds.items()}


def _agreement(expected: dict[str, np.ndarray], found: dict[str, np.ndarray]) -> dict[str, Any]:
    together, both = (np.concatenate(list(kinds.values())) for kinds in (expected, found))
    return {
        "at_the_ceiling": float((both == both.max()).mean()),
        "strange_at_the_ceiling": float((found["strange"] == both.max()).mean()),
        "rank_correlation": rank_correlation(together, both),
        **{f"rank_correlation_{kind}": rank_correlation(expected[kind], found[kind]) for kind in found},
    }


def table(report: dict[str, Any]) -> str:
    """One row per file."""
    head = [
        *("file", "pictures at the ceiling", "of the strange ones"),
        *("rank correlation with Keras", "of ordinary ones", "of strange ones"),
    ]
    rows = [
        [file, *(f"{found[name]:.1%}" for name in list(found)[:2]), *(f"{found[name]:.4f}" for name in list(found)[2:])]
        for file, found in report.items()
    ]
    return markdown(head, rows)
