"""Every recipe's tiny version, trained for a few steps, exported in every quantization."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import aigc_tf
from aigc_tf.errors import say
from aigc_tf.export import VerificationError
from aigc_tf.export.writer import QUANTIZATIONS
from aigc_tf.recipes.base import Recipe
from aigc_tf.recipes.registry import recipe_classes
from aigc_tf.runs.reports import to_json
from aigc_tf.runs.run import Run
from tools.benchmarks.tables import markdown

_HEAD = {
    "recipe": "recipe",
    "signature": "signature",
    "quantize": "quantize",
    "bytes": "bytes of the file",
    "operators": "operators",
    "xnnpack_share": "share taken by XNNPACK",
    "largest": "largest difference",
    "mean": "mean",
    "quality_before": "quality before",
    "quality_change": "change",
    "median_ms": "ms, 1 thread",
    "failure": "failure",
}


def export_matrix(steps: int, results: Path) -> list[dict[str, Any]]:
    """Train and export each recipe; skips what `results` already has.

    Args:
        steps: training steps per recipe.
        results: JSON Lines file with one object per signature of each file; lines are appended.

    Returns:
        Its rows, without those of recipes that no longer exist.
    """
    results.parent.mkdir(parents=True, exist_ok=True)
    recipes = recipe_classes()
    for slug, recipe in recipes.items():
        done = {row["quantize"] for row in _read(results) if row["recipe"] == slug}
        missing = [quantize for quantize in QUANTIZATIONS if quantize not in done]
        if missing:
            for rows in _exported(slug, recipe, missing, steps):
                with results.open("a") as file:
                    file.writelines(to_json(row) + "\n" for row in rows)
    return [row for row in _read(results) if row["recipe"] in recipes]


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    return markdown(list(_HEAD.values()), [[row.get(key) for key in _HEAD] for row in rows])


def _read(results: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in results.read_text().splitlines()] if results.is_file() else []


def _exported(slug: str, recipe: type[Recipe], missing: Sequence[str], steps: int) -> Iterator[list[dict[str, Any]]]:
    """The rows, file by file."""
    with tempfile.TemporaryDirectory() as folder:
        run = aigc_tf.train(dataclasses.replace(recipe.tiny(), steps=steps), Path(folder) / "run")
        for quantize in missing:
            say(f"{slug}, {quantize}")
            yield [{"recipe": slug, "quantize": quantize} | row for row in _rows(run, quantize)]


def _rows(run: Run, quantize: str) -> Iterator[dict[str, Any]]:
    try:
        report = run.export(quantize=quantize, compare_with_keras=False).report
    except VerificationError as error:
        yield {"failure": str(error)}
        return
    xnnpack = report["xnnpack"]
    for name, signature in report["signatures"].items():
        difference, quality = signature["difference"]["tflite"], (report["quality"] or {}).get(name, {})
        yield {
            "signature": name,
            "bytes": report["files"]["model.tflite"],
            "operators": sum(report["operators"].values()),
            "xnnpack_share": xnnpack["taken"] / xnnpack["of"],
            "largest": difference["largest"],
            "mean": difference["mean"],
            "quality_before": quality.get("before"),
            "quality_change": quality.get("change"),
            "median_ms": report["latency"][name]["1"]["median_ms"],
        }
