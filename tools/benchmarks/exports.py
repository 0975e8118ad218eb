"""Exported files of a run against Keras's own LiteRT export, and ONNX Runtime, of the same network."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aigc_tf.export import latency, reporting
from aigc_tf.export.verify import run_keras
from aigc_tf.families.base import Signature
from aigc_tf.families.photo_model import PhotoModel
from aigc_tf.runs.run import Run
from tools.benchmarks import megapixel, onnx_runtime
from tools.benchmarks.tables import markdown

KERAS = "Keras LiteRT export"
ONNX = "ONNX Runtime, float32"
_HEAD = (
    *("file", "bytes", "of Keras's", "ms, 1 thread", "p95", "ms, 2 threads", "p95"),
    *("times faster, 1 thread", "2 threads", "largest difference", "mean", "quality before", "after"),
    "memory it adds, MB",
)
_TIMES = [(threads, figure) for threads in ("1", "2") for figure in ("median_ms", "p95_ms")]


def exports(run: Path, quantizations: Sequence[str]) -> dict[str, Any]:
    """Size, difference from Keras, quality, memory and latency per call, batch 1, for each file and signature.

    All files of a signature are timed alternately, with one thread and with two, so that the ratios are comparable.
    Photograph models also restore a one-megapixel photograph; see `megapixel`.
    """
    opened = Run.open(run)
    signatures = opened.model.signatures()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        reports = {
            quantize: opened.export(quantize=quantize, out=work / quantize, compare_with_keras=False).report
            for quantize in quantizations
        }
        tables = {name: _signature_table(name, signature, reports, work) for name, signature in signatures.items()}
        report: dict[str, Any] = {"run": str(run), "signatures": tables}
        if isinstance(opened.model, PhotoModel):
            files = {_label(quantize): work / quantize / "model.tflite" for quantize in quantizations}
            report["photograph"] = megapixel.megapixel(
                opened, files, work / f"keras_{opened.model.signature}.tflite", work
            )
    if not onnx_runtime.installed():
        report["note"] = "ONNX Runtime is not installed: pip install 'aigc-tf[onnx]' adds its row"
    return report


def _signature_table(name: str, signature: Signature, reports: Mapping[str, Any], work: Path) -> dict[str, Any]:
    inputs = [signature.examples, *signature.other_sizes][-1](1, 0)
    rows: dict[str, dict[str, Any]] = {}
    contenders: dict[str, latency.Contender] = {}
    path = work / f"keras_{name}.tflite"
    rows[KERAS] = reporting.keras_litert(signature, path)
    if rows[KERAS]["runs"]:
        contenders[KERAS] = latency.keras_litert(path, signature, inputs)
    for quantize, report in reports.items():
        label = _label(quantize)
        rows[label] = _our_row(name, report)
        contenders[label] = latency.litert(work / quantize / "model.tflite", name, inputs)
    if onnx_runtime.installed():
        rows[ONNX] = _onnx_row(signature, inputs, work / f"{name}.onnx")
        contenders[ONNX] = onnx_runtime.contender(work / f"{name}.onnx", inputs)
    return with_latency(rows, latency.in_turns(contenders))


def _label(quantize: str) -> str:
    return f"aigc_tf, {quantize}"


def _our_row(name: str, report: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "bytes": report["files"]["model.tflite"],
        "operators": report["operators"],
        "xnnpack": report["xnnpack"],
        "peak_memory": report["peak_memory"],
        "difference": report["signatures"][name]["difference"]["tflite"],
        "quality": (report["quality"] or {}).get(name),
    }


def _onnx_row(signature: Signature, inputs: dict[str, np.ndarray], path: Path) -> dict[str, Any]:
    onnx_runtime.write(signature.network, inputs, path)
    answers = zip(
        run_keras(signature.network, signature, inputs).values(), onnx_runtime.answer(path, inputs), strict=True
    )
    largest = max(float(np.abs(expected - answer).max()) for expected, answer in answers)
    return {"bytes": path.stat().st_size, "difference": {"largest": largest}}


def with_latency(
    rows: Mapping[str, dict[str, Any]], found: Mapping[str, Mapping[str, latency.Figures]]
) -> dict[str, dict[str, Any]]:
    """The rows with `latency`, and relative to Keras's file: `share_of_keras_bytes`, `times_faster`.

    Args:
        rows: by label, including Keras's.
        found: latency by label and number of threads, without files that need Flex.
    """
    table = {}
    for label, row in rows.items():
        table[label] = row | {"share_of_keras_bytes": round(row["bytes"] / rows[KERAS]["bytes"], 4)}
        if label in found:
            table[label]["latency"] = found[label]
            if KERAS in found:
                table[label]["times_faster"] = latency.times_faster(found[KERAS], found[label])
    return table


def table(report: Mapping[str, Any]) -> str:
    """The report as one Markdown table per signature."""
    parts = []
    for name, rows in report["signatures"].items():
        lines = [[label, *_cells(row)] for label, row in rows.items()]
        parts.append(f"{report['run']}, `{name}`, one call, batch 1\n\n{markdown(_HEAD, lines)}")
    if "photograph" in report:
        parts.append(megapixel.table(report["photograph"]))
    return "\n\n".join([*parts, *filter(None, [report.get("note")])])


def _cells(row: Mapping[str, Any]) -> list[Any]:
    times = [row["latency"][threads][key] if "latency" in row else None for threads, key in _TIMES]
    ratios = [row["times_faster"][threads]["median"] if "times_faster" in row else None for threads in ("1", "2")]
    difference, quality, memory = row.get("difference", {}), row.get("quality") or {}, row.get("peak_memory", {})
    added = memory.get("added_by_file_bytes")
    return [
        row["bytes"],
        f"{row['share_of_keras_bytes']:.1%}",
        *times,
        *ratios,
        *(difference.get(key) for key in ("largest", "mean")),
        *(quality.get(key) for key in ("before", "after")),
        added and added / 1e6,
    ]
