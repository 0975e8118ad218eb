"""The measured part of an export report: signatures, file sizes, latency, memory."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from aigc_tf.export import check_memory, flatbuffer, latency
from aigc_tf.families.base import Signature, TensorSpec


def describe(signatures: Mapping[str, Signature], batch: int) -> dict[str, dict[str, Any]]:
    """Inputs and outputs of each signature, with batch dimension; -1 is any size, as in LiteRT."""

    def tensors(specs: Mapping[str, TensorSpec]) -> dict[str, Any]:
        def shape(spec: TensorSpec) -> list[int]:
            return [batch, *(-1 if size is None else size for size in spec.shape)]

        return {
            name: {"shape": shape(spec), "dtype": spec.dtype, "meaning": spec.meaning}
            | ({"kinds": list(spec.kinds)} if spec.kinds else {})
            for name, spec in specs.items()
        }

    return {
        name: {"inputs": tensors(signature.inputs), "outputs": tensors(signature.outputs)}
        | ({"feedback": dict(signature.feedback)} if signature.feedback else {})
        for name, signature in signatures.items()
    }


def sizes(folder: Path) -> dict[str, int]:
    """`{"model.tflite": bytes, "saved_model/": bytes of all its files}`."""
    return {
        entry.name + ("/" if entry.is_dir() else ""): sum(
            path.stat().st_size for path in [entry, *entry.rglob("*")] if path.is_file()
        )
        for entry in sorted(folder.iterdir())
    }


def versions() -> dict[str, str]:
    """Versions of everything that affects the files and the figures."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in ("tensorflow", "tensorflow-cpu", "keras", "ai-edge-litert", "numpy", "aigc-tf"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # one of the two TensorFlow packages; aigc-tf run from a checkout
            continue
    return found


def peak_memory(path: Path) -> dict[str, int | None]:
    """`{"process_bytes": .., "added_by_file_bytes": ..}` of a new process with LiteRT only; None if not known."""
    script = str(Path(check_memory.__file__).resolve())
    command = [sys.executable, "-P", script, str(path)]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(finished.stdout.splitlines()[-1])


def measure(
    path: Path,
    signatures: Mapping[str, Signature],
    inputs: Mapping[str, dict[str, np.ndarray]],
    compare_with_keras: bool,
    work: Path,
) -> dict[str, Any]:
    """`latency`, by signature and threads, `peak_memory`, and if requested `keras_litert` beside them.

    Args:
        path: the .tflite file.
        signatures: the file's signatures.
        inputs: one batch for each.
        compare_with_keras: also measure Keras's own LiteRT export of the same networks, alternating with ours.
        work: a temporary folder for that export.
    """
    report: dict[str, Any] = {"latency": {}, "peak_memory": peak_memory(path)}
    if compare_with_keras:
        report["keras_litert"] = {}
    for name, signature in signatures.items():
        contenders = {"ours": latency.litert(path, name, inputs[name])}
        if compare_with_keras:
            rival = work / f"keras_{name}.tflite"
            report["keras_litert"][name] = beside = keras_litert(signature, rival)
            if beside["runs"]:
                contenders["keras"] = latency.keras_litert(rival, signature, inputs[name])
        found = latency.in_turns(contenders)
        report["latency"][name] = found["ours"]
        if "keras" in found:
            ratios = latency.times_faster(found["keras"], found["ours"])
            beside |= {"latency": found["keras"], "times_faster": ratios}
    return report


def keras_litert(signature: Signature, path: Path) -> dict[str, Any]:
    """Write Keras's own LiteRT export of a network, and describe it.

    Returns:
        `bytes`, `operators`, `runs`: whether LiteRT alone can run it, and if so `peak_memory`.
    """
    signature.network.export(str(path), format="litert", verbose=False)
    operators = flatbuffer.operators(path)
    # This interpreter, like one on a phone, has no Flex delegate.
    runs = not any(operator.startswith("Flex") for operator in operators)
    report = {"bytes": path.stat().st_size, "operators": operators, "runs": runs}
    return report | ({"peak_memory": peak_memory(path)} if runs else {})
