"""The export pipeline: optimise, convert, verify, report, then move into place."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from aigc_tf.errors import InputError
from aigc_tf.export import flatbuffer, reporting, verify
from aigc_tf.export.convert import convert, write_saved_model
from aigc_tf.export.graph import traced
from aigc_tf.export.optimise import optimise
from aigc_tf.export.runner import Runner
from aigc_tf.export.verify import Limits
from aigc_tf.families.base import Signature
from aigc_tf.nn.fast_layers import plain
from aigc_tf.storage.files import bring_to_disk, staging, sync

FORMATS = ("tflite", "saved_model")
QUANTIZATIONS = ("none", "float16", "dynamic", "int8")
MAX_BATCH = 4096
TFLITE, SAVED_MODEL, REPORT = "model.tflite", "saved_model", "export.json"


class HasSignatures(Protocol):
    """What export needs from a model; every `GenerativeModel` has it."""

    def signatures(self, source: Any = None) -> dict[str, Signature]:
        """The functions to export, by name; `source` provides examples of data."""


@dataclass(frozen=True)
class Export:
    """A verified export."""

    path: Path
    """The `.tflite` file, the SavedModel's folder, or the page."""
    report: dict[str, Any]
    """The content of `export.json` beside it."""


def export(
    model: HasSignatures,
    out: Path,
    *,
    format: str = "tflite",
    quantize: str = "none",
    batch: int = 1,
    source: Any = None,
    limits: Limits | None = None,
    metadata: Mapping[str, Any] | None = None,
    quality: Callable[[Runner], dict[str, Any]] | None = None,
    measure: bool = True,
    compare_with_keras: bool = False,
    seed: int = 0,
    progress: Callable[[str], None] = lambda stage: None,
) -> Export:
    """Export a model's signatures to a folder, verified against Keras.

    The folder gets `saved_model/`, `export.json` and, unless `format` is `saved_model`, `model.tflite`. They replace
    those of an older export after everything has been verified; a failed export leaves the folder unchanged.

    Args:
        model: its `signatures()` are exported.
        out: the output folder.
        format: `tflite` or `saved_model`.
        quantize: of the .tflite: `none`, `float16`, `dynamic` (8-bit weights) or `int8` (8-bit arithmetic, calibrated
            on the signatures' examples, with float inputs and outputs).
        batch: the fixed batch size.
        source: provides real examples for comparison and calibration, if the model's signatures take data.
        limits: accepted differences from Keras.
        metadata: JSON-able facts (licence, source of the data, vocabulary) to store in the file.
        quality: called with a `Runner` of the finished file; its result goes into the report, and a `VerificationError`
            that it raises fails the export.
        measure: whether to measure latency and memory of the .tflite.
        compare_with_keras: also measure Keras's own `export(format="litert")` of the same networks.
        seed: of the examples.
        progress: called with a line for each stage.

    Raises:
        InputError: an argument is invalid, or a layer has no built-in LiteRT operator.
        VerificationError: an exported file differs too much from Keras; the message has the numbers.
    """
    check_arguments(format, quantize, batch)
    out = Path(out)
    signatures = {
        name: dataclasses.replace(signature, network=plain(signature.network))
        for name, signature in model.signatures(source).items()
    }
    for name, signature in signatures.items():
        _check(name, signature)
    with staging(out) as folder:
        (made := folder / "export").mkdir()
        described = reporting.describe(signatures, batch)
        report: dict[str, Any] = {"format": format, "quantize": quantize, "batch": batch}
        progress("writing the SavedModel, and comparing it with Keras in a process of its own")
        expected = _what_keras_answers(signatures, batch, limits or Limits(), seed)
        optimised = {name: optimise(signature.network, batch) for name, signature in signatures.items()}
        networks = {name: network for name, (network, _) in optimised.items()}
        write_saved_model(networks, signatures, batch, made / SAVED_MODEL)
        differences = {SAVED_MODEL: _compare_saved_model(expected, made / SAVED_MODEL, folder)}
        report["rewrites"] = {name: rewrites for name, (_, rewrites) in optimised.items()}
        if format == "tflite":
            facts = {"signatures": described, "quantize": quantize, **(metadata or {})}
            differences["tflite"], measured = _write_tflite(made, expected, networks, facts, quality, progress)
            report |= measured
            if measure:
                progress("measuring latency and memory")
                inputs = expected.one_batch()
                report |= reporting.measure(made / TFLITE, signatures, inputs, compare_with_keras, folder)
        for name, entry in described.items():
            entry["difference"] = {file: found[name] for file, found in differences.items()}
        report["signatures"] = described
        report |= {"files": reporting.sizes(made), "versions": reporting.versions(), "metadata": dict(metadata or {})}
        (made / REPORT).write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        move_into_place(made, out, (TFLITE, SAVED_MODEL, REPORT))
    return Export(out / (TFLITE if format == "tflite" else SAVED_MODEL), report)


def _write_tflite(
    made: Path,
    expected: _Expected,
    networks: Mapping[str, Any],
    facts: Mapping[str, Any],
    quality: Callable[[Runner], dict[str, Any]] | None,
    progress: Callable[[str], None],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Convert the SavedModel in a folder to LiteRT and compare the result with Keras.

    Returns:
        The differences by signature, and the report's entries about the file.
    """
    path, quantize = made / TFLITE, facts["quantize"]
    progress(f"converting it to LiteRT with quantize {quantize}, and comparing that with Keras")
    path.write_bytes(convert(made / SAVED_MODEL, networks, expected.signatures, expected.batch, quantize))
    flatbuffer.write_metadata(path, json.loads(json.dumps(facts)))
    runner = Runner(path)
    differences = _compare_tflite(expected, runner, quantize)
    measured = None
    if quality:
        measured = quality(runner)
    operators, taken = flatbuffer.operators(path), flatbuffer.delegated(path)
    return differences, {"quality": measured, "operators": operators, "xnnpack": taken}


def check_arguments(format: str, quantize: str, batch: int) -> None:
    """Raise InputError unless these are valid arguments of `export`."""
    if format not in FORMATS:
        raise InputError(f"format is {format!r}: choose one of {', '.join(FORMATS)}")
    if quantize not in QUANTIZATIONS:
        raise InputError(f"quantize is {quantize!r}: choose one of {', '.join(QUANTIZATIONS)}")
    if format == SAVED_MODEL and quantize != "none":
        raise InputError(f"quantize is {quantize!r}: a SavedModel is not quantized, choose none or format tflite")
    if batch < 1:
        raise InputError(f"batch is {batch}: at least one example is needed")
    if batch > MAX_BATCH:
        raise InputError(f"batch is {batch}: give at most {MAX_BATCH:,}, and call the file more than once")


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


@dataclass(frozen=True)
class _Expected:
    """The expected outputs of the files, with tolerances."""

    signatures: Mapping[str, Signature]
    batch: int
    limits: Limits
    examples: Mapping[str, Sequence[verify.Arrays]]
    """Inputs of each signature; in several sizes where it takes any size."""
    answers: Mapping[str, Sequence[verify.Arrays]]

    def one_batch(self) -> dict[str, verify.Arrays]:
        """Inputs of one call, by signature."""
        return {
            signature: {name: values[: self.batch] for name, values in examples[-1].items()}
            for signature, examples in self.examples.items()
        }


def _what_keras_answers(signatures: Mapping[str, Signature], batch: int, limits: Limits, seed: int) -> _Expected:
    examples, answers = {}, {}
    for name, signature in signatures.items():
        wanted = limits.steps * batch if signature.feedback else limits.examples
        others = [further(batch, seed) for further in signature.other_sizes]
        examples[name] = [signature.tried(wanted, seed, batch), *others]
        answers[name] = [verify.run_keras(signature.network, signature, part) for part in examples[name]]
        for part in answers[name]:
            verify.require_finite(f"{name}, in Keras", part)
    return _Expected(signatures, batch, limits, examples, answers)


def _compare_saved_model(expected: _Expected, folder: Path, work: Path) -> dict[str, dict[str, Any]]:
    answers = verify.run_saved_model(folder, expected.examples, work)
    found = {}
    for name, signature in expected.signatures.items():
        pair = verify.by_size(expected.answers[name]), verify.by_size(answers[name])
        pair = verify.comparable(signature, *pair)
        bound = expected.limits.bound("none", signature)
        found[name] = verify.compare(f"saved_model, {name}", *pair, bound)
    return found


def _compare_tflite(expected: _Expected, runner: Runner, quantize: str) -> dict[str, dict[str, Any]]:
    found = {}
    for name, signature in expected.signatures.items():
        if signature.feedback:
            pair = _sequences(expected, runner, name)
        else:
            answers = [runner.map(name, part) for part in expected.examples[name]]
            pair = verify.by_size(expected.answers[name]), verify.by_size(answers)
        pair = verify.comparable(signature, *pair)
        what, limits = f"{TFLITE}, {name}, quantize {quantize}", expected.limits
        found[name] = verify.compare(what, *pair, limits.bound(quantize, signature, bool(signature.feedback)))
        numbers = [output for output, spec in signature.outputs.items() if spec.shape == ()]
        if numbers and quantize in ("dynamic", "int8"):
            found[name] |= verify.compare_order(what, *pair, numbers, limits)
    return found


def _sequences(expected: _Expected, runner: Runner, name: str) -> tuple[verify.Arrays, verify.Arrays]:
    """The outputs of Keras and of the file, each continuing from its own state."""
    signature = expected.signatures[name]

    def file_step(inputs: verify.Arrays) -> verify.Arrays:
        return runner(name, **inputs)

    (examples,), batch = expected.examples[name], expected.batch
    longest = signature.longest or expected.limits.steps
    return (
        verify.run_sequence(traced(signature.network, signature), examples, signature.feedback, batch, longest),
        verify.run_sequence(file_step, examples, signature.feedback, batch, longest),
    )


def move_into_place(made: Path, out: Path, names: Iterable[str]) -> None:
    """Replace the entries `names` of an older export by those of a verified one; other files in the folder stay.

    Everything is synced to disk before it is moved: a power cut leaves complete entries.
    """
    bring_to_disk(made)
    out.mkdir(exist_ok=True)
    retired = made.parent / "retired"
    retired.mkdir()
    try:
        for name in names:
            if (out / name).exists():
                (out / name).rename(retired / name)
            if (made / name).exists():
                (made / name).rename(out / name)
    except OSError:  # half is worse than none: restore the older one
        for entry in retired.iterdir():
            if (out / entry.name).exists():
                (out / entry.name).rename(made.parent / f"failed_{entry.name}")
            entry.rename(out / entry.name)
        raise
    for folder in (out, out.parent):
        sync(folder)
