"""Exported files of a run beside Keras's own LiteRT export of the same network."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aigc_tf.export import export
from aigc_tf.run import Run


def exports(run: Path, quantisations: Sequence[str]) -> dict[str, Any]:
    """Size, difference from Keras and latency of one call, batch 1, for each quantisation.

    Each file is timed in turns with Keras's export, so that each ratio is of one moment.
    """
    model = Run.open(run).model
    rows: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for quantize in quantisations:
            report = export(model, Path(folder) / quantize, quantize=quantize, compare_with_keras=True).report
            for name, keras_file in report["keras_litert"].items():
                size = report["files"]["model.tflite"]
                rows[f"{name}, {quantize}"] = {
                    "bytes": size,
                    "share_of_keras_bytes": size / keras_file["bytes"],
                    "largest_difference": report["signatures"][name]["difference"]["tflite"],
                    "latency_by_threads": report["latency"][name],
                    "keras_latency_by_threads": keras_file["latency"],
                    "times_faster_than_keras": keras_file.get("times_faster"),
                }
    return {"run": str(run), "files": rows}
