"""The measured part of an export's report: what is in the files, how large they are and how long a call takes."""

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

from aigc_tf.export import check_memory, flatbuffer
from aigc_tf.export.runner import Runner
from aigc_tf.models.base import Signature, TensorSpec

THREADS = (1, 2)
_ROUNDS = 3  # each file is timed in turns, so that a slow moment of the machine hits all of them


def describe(
    signatures: Mapping[str, Signature], batch: int, feedback: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, Any]]:
    """Inputs and outputs of each signature, shapes with the batch."""

    def tensors(specs: Mapping[str, TensorSpec]) -> dict[str, Any]:
        return {
            name: {"shape": [batch, *spec.shape], "dtype": spec.dtype, "meaning": spec.meaning}
            for name, spec in specs.items()
        }

    return {
        name: {"inputs": tensors(signature.inputs), "outputs": tensors(signature.outputs)}
        | ({"feedback": dict(feedback[name])} if name in feedback else {})
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
    """Of everything that shaped the files and the figures."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for package in ("tensorflow", "tensorflow-cpu", "keras", "ai-edge-litert", "numpy", "aigc-tf"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # one of the two TensorFlow packages; aigc-tf run from a checkout
            continue
    return found


def peak_memory(path: Path) -> dict[str, int | None]:
    """`{"process_bytes": .., "added_by_file_bytes": ..}` of a new process with LiteRT alone; None if not known."""
    script = str(Path(check_memory.__file__).resolve())
    command = [sys.executable, "-P", script, str(path)]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(finished.stdout.splitlines()[-1])


def measure(
    path: Path,
    signatures: Mapping[str, Signature],
    examples: Mapping[str, Mapping[str, np.ndarray]],
    batch: int,
    compare_with_keras: bool,
    work: Path,
) -> dict[str, Any]:
    """`{"latency": {signature: {"1": {...}, "2": {...}}}}` by threads, and `keras_litert` beside it if asked for.

    Args:
        path: the .tflite file.
        signatures: what it holds.
        examples: at least one batch of inputs of each.
        batch: of the file.
        compare_with_keras: measure Keras's own LiteRT export of the same networks too, in turns with it.
        work: a folder for that export.
    """
    inputs = {name: {key: values[:batch] for key, values in examples[name].items()} for name in signatures}
    contenders: dict[str, dict[str, tuple[Path, str, dict[str, np.ndarray]]]] = {
        name: {"ours": (path, name, inputs[name])} for name in signatures
    }
    keras_report: dict[str, Any] = {}
    if compare_with_keras:
        for index, (name, signature) in enumerate(signatures.items()):
            rival = work / f"keras_{index}.tflite"
            signature.network.export(str(rival), format="litert", verbose=False)
            operators = flatbuffer.operators(rival)
            keras_report[name] = {"bytes": rival.stat().st_size, "operators": operators}
            if any(operator.startswith("Flex") for operator in operators):
                keras_report[name]["latency"] = None  # this interpreter, like a phone's, has no Flex delegate
            else:
                contenders[name]["keras"] = (rival, *_rival_inputs(rival, signature, inputs[name]))
    latency: dict[str, dict[str, Any]] = {name: {} for name in signatures}
    for name, files in contenders.items():
        for threads in THREADS:
            best = _in_turns(files, threads)
            latency[name][str(threads)] = best["ours"]
            if "keras" in best:
                entry = keras_report[name].setdefault("latency", {})
                entry[str(threads)] = best["keras"]
                ratios = keras_report[name].setdefault("times_faster", {})
                ratios[str(threads)] = {
                    figure: round(best["keras"][f"{figure}_ms"] / best["ours"][f"{figure}_ms"], 2)
                    for figure in ("least", "median")
                }
    return {"latency": latency} | ({"keras_litert": keras_report} if compare_with_keras else {})


def _in_turns(
    files: Mapping[str, tuple[Path, str, dict[str, np.ndarray]]], threads: int
) -> dict[str, dict[str, float]]:
    """For each file the round with the middle median."""
    runners = {label: Runner(path, threads) for label, (path, _, _) in files.items()}
    rounds: dict[str, list[dict[str, float]]] = {label: [] for label in files}
    for _ in range(_ROUNDS):
        for label, (_, signature, inputs) in files.items():
            rounds[label].append(runners[label].latency(signature, inputs))
    return {label: sorted(found, key=lambda one: one["median_ms"])[_ROUNDS // 2] for label, found in rounds.items()}


def _rival_inputs(
    path: Path, signature: Signature, inputs: Mapping[str, np.ndarray]
) -> tuple[str, dict[str, np.ndarray]]:
    """The name of the one signature of Keras's file, and our inputs by its names."""
    runner = Runner(path)
    name = runner.names[0]
    theirs = list(runner.inputs(name))
    by_tensor = {
        tensor.name: inputs[key] for tensor, key in zip(signature.network.inputs, signature.inputs, strict=True)
    }
    if set(theirs) == set(by_tensor):
        return name, {key: by_tensor[key] for key in theirs}
    # Other names (`keras_tensor_4`, `args_0`) are numbered in the order of the inputs.
    return name, dict(zip(sorted(theirs, key=lambda key: (len(key), key)), inputs.values(), strict=True))
