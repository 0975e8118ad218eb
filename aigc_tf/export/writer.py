"""Exports a model: optimise, convert, verify, report, and only then move into place."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from aigc_tf.errors import InputError
from aigc_tf.export import flatbuffer, reporting, verify
from aigc_tf.export.convert import convert, write_saved_model
from aigc_tf.export.optimise import optimise
from aigc_tf.export.runner import Runner
from aigc_tf.export.verify import Limits
from aigc_tf.models.base import Signature

FORMATS = ("tflite", "saved_model")
QUANTIZATIONS = ("none", "float16", "dynamic", "int8")
TFLITE, SAVED_MODEL, REPORT = "model.tflite", "saved_model", "export.json"


class HasSignatures(Protocol):
    """What export needs of a model; every `GenerativeModel` has it."""

    def signatures(self) -> dict[str, Signature]:
        """The functions to export, by name."""


@dataclass(frozen=True)
class Export:
    """A verified export."""

    path: Path
    """The `.tflite` file, or the SavedModel's folder."""
    report: dict[str, Any]
    """What `export.json` beside it holds."""


def export(
    model: HasSignatures,
    out: Path,
    *,
    format: str = "tflite",
    quantize: str = "none",
    batch: int = 1,
    limits: Limits | None = None,
    metadata: Mapping[str, Any] | None = None,
    feedback: Mapping[str, Mapping[str, str]] | None = None,
    quality: Callable[[Runner], dict[str, Any]] | None = None,
    compare_with_keras: bool = False,
    seed: int = 0,
) -> Export:
    """Write a model's signatures into a folder, compared with Keras.

    The folder gets `saved_model/`, `export.json` and, unless `format` is `saved_model`, `model.tflite`. They
    replace those of an older export there, after everything has been verified; a failed export leaves
    the folder as it was.

    Args:
        model: its `signatures()` are exported.
        out: the folder.
        format: `tflite` or `saved_model`.
        quantize: of the .tflite: `none`, `float16`, `dynamic` (8-bit weights) or `int8` (8-bit arithmetic,
            calibrated on the signatures' examples, inputs and outputs in float).
        batch: the fixed number of examples in a call.
        limits: accepted differences from Keras.
        metadata: JSON-able facts (licence, source of the data, vocabulary) that go into the file.
        feedback: for signatures that are called in a loop: which output becomes which input of the next call,
            `{"step": {"new_state": "state"}}`. They are verified over whole sequences.
        quality: is given a `Runner` of the finished file; what it returns goes into the report, and a
            `VerificationError` that it raises fails the export.
        compare_with_keras: also measure Keras's own `export(format="litert")` of the same networks.
        seed: of the examples.

    Raises:
        InputError: an argument is not one of those above, or a layer has no built-in LiteRT operator.
        VerificationError: an exported file does not do what Keras does, with the numbers.
    """
    _check_arguments(format, quantize, batch)
    out, limits, feedback = Path(out), limits or Limits(), feedback or {}
    signatures = model.signatures()
    for name, signature in signatures.items():
        _check(name, signature)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as folder:
        staging = Path(folder) / "export"
        staging.mkdir()
        report: dict[str, Any] = {"format": format, "quantize": quantize, "batch": batch}
        report["signatures"] = reporting.describe(signatures, batch, feedback)
        examples = {name: _examples(name, signatures[name], batch, limits, feedback, seed) for name in signatures}
        references = {
            name: verify.run_keras(signature.network, signature, examples[name])
            for name, signature in signatures.items()
        }
        for name in signatures:
            verify.require_finite(f"{name}, in Keras", references[name])
        networks, report["rewrites"] = {}, {}
        for name, signature in signatures.items():
            networks[name], report["rewrites"][name] = optimise(signature.network, batch)
        write_saved_model(networks, signatures, batch, staging / SAVED_MODEL)
        answers = verify.run_saved_model(staging / SAVED_MODEL, examples, Path(folder))
        for name in signatures:
            found = verify.compare(f"saved_model, {name}", references[name], answers[name], ("largest", limits.float32))
            report["signatures"][name]["difference"] = {"saved_model": found}
        if format == "tflite":
            path = staging / TFLITE
            path.write_bytes(convert(staging / SAVED_MODEL, networks, signatures, batch, quantize, feedback))
            described = {"signatures": report["signatures"], "quantize": quantize, **(metadata or {})}
            flatbuffer.write_metadata(path, json.loads(json.dumps(_without_measurements(described))))
            runner = Runner(path)
            for name, signature in signatures.items():
                loop = feedback.get(name, {})
                bound = limits.bound(quantize, bool(loop))
                label = f"{TFLITE}, {name}, quantize {quantize}"
                pair = (references[name], runner.map(name, examples[name]))
                if loop:
                    pair = _sequences(runner, name, signature, examples[name], loop, batch)
                report["signatures"][name]["difference"]["tflite"] = verify.compare(label, *pair, bound)
            report["operators"] = flatbuffer.operators(path)
            report["xnnpack"] = flatbuffer.delegated(path)
            report |= reporting.measure(path, signatures, examples, batch, compare_with_keras, Path(folder))
            report["peak_memory"] = reporting.peak_memory(path)
            report["quality"] = quality(runner) if quality else None
        report["files"] = reporting.sizes(staging)
        report["versions"] = reporting.versions()
        report["metadata"] = dict(metadata or {})
        (staging / REPORT).write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        _move_into_place(staging, out)
    return Export(out / (TFLITE if format == "tflite" else SAVED_MODEL), report)


def _check_arguments(format: str, quantize: str, batch: int) -> None:
    if format not in FORMATS:
        raise InputError(f"format is {format!r}: choose one of {', '.join(FORMATS)}")
    if quantize not in QUANTIZATIONS:
        raise InputError(f"quantize is {quantize!r}: choose one of {', '.join(QUANTIZATIONS)}")
    if format == SAVED_MODEL and quantize != "none":
        raise InputError(f"quantize is {quantize!r}: a SavedModel is not quantised, choose none or format tflite")
    if batch < 1:
        raise InputError(f"batch is {batch}: at least one example is needed")


def _check(name: str, signature: Signature) -> None:
    network = signature.network
    for kind, specs, tensors in (
        ("input", signature.inputs, network.inputs),
        ("output", signature.outputs, network.outputs),
    ):
        declared = [(spec.shape, spec.dtype) for spec in specs.values()]
        actual = [(tuple(tensor.shape[1:]), tensor.dtype) for tensor in tensors]
        if declared != actual:
            raise ValueError(f"signature {name}: {kind}s are declared as {declared}, the network has {actual}")


def _examples(
    name: str, signature: Signature, batch: int, limits: Limits, feedback: Mapping[str, Mapping[str, str]], seed: int
) -> verify.Arrays:
    wanted = limits.steps * batch if feedback.get(name) else limits.examples
    return signature.examples(-(-wanted // batch) * batch, seed)


def _sequences(
    runner: Runner, name: str, signature: Signature, examples: verify.Arrays, loop: Mapping[str, str], batch: int
) -> tuple[verify.Arrays, verify.Arrays]:
    """What Keras and the file answer, each going on from its own state."""

    def keras_step(inputs: verify.Arrays) -> verify.Arrays:
        return verify.run_keras(signature.network, signature, inputs)

    return (
        verify.run_sequence(keras_step, examples, loop, batch),
        verify.run_sequence(lambda inputs: runner(name, **inputs), examples, loop, batch),
    )


def _without_measurements(described: dict[str, Any]) -> dict[str, Any]:
    signatures = {
        name: {key: value for key, value in entry.items() if key != "difference"}
        for name, entry in described["signatures"].items()
    }
    return {**described, "signatures": signatures}


def _move_into_place(staging: Path, out: Path) -> None:
    """Replace an older export by a verified one; other files of the folder stay."""
    out.mkdir(exist_ok=True)
    retired = staging.parent / "retired"
    retired.mkdir()
    try:
        for name in (TFLITE, SAVED_MODEL, REPORT):
            if (out / name).exists():
                (out / name).rename(retired / name)
            if (staging / name).exists():
                (staging / name).rename(out / name)
    except OSError:  # half is worse than none: bring the older one back
        for entry in retired.iterdir():
            if (out / entry.name).exists():
                (out / entry.name).rename(staging.parent / f"failed_{entry.name}")
            entry.rename(out / entry.name)
        raise
