"""Verifies an exported file against Keras, number by number."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from aigc_tf.export import check_saved_model
from aigc_tf.export.graph import run
from aigc_tf.families.base import Signature
from aigc_tf.metrics.ranks import rank_correlation

Arrays = dict[str, np.ndarray]
_NUMBERS_AT_ONCE = 2**20  # of an input


class VerificationError(RuntimeError):
    """An exported file differs too much from the Keras network; the message has the numbers."""


@dataclass(frozen=True)
class Limits:
    """Maximum accepted differences from Keras, each relative to max(1, largest value of Keras)."""

    float32: float = 1e-5
    """For any single number, after one pass."""
    recurrent: float = 1e-4
    """For any single number in float32, after `steps` recurrent steps."""
    float16: float = 2e-3
    """For any single number, with float16 weights."""
    quantized: float = 0.1
    """For the mean over all numbers with 8-bit weights: only a sanity check, since quality is measured as well."""
    ranks: float = 0.98
    """Minimum rank correlation with Keras of one number per example, such as a score, with 8-bit weights."""
    ceiling: float = 0.05
    """Maximum share of examples that share the highest such number but do not in Keras: they cannot be told apart."""
    examples: int = 256
    """Minimum number of examples to compare, and the same number of strange ones."""
    steps: int = 256
    """Sequence length for recurrent signatures."""

    def bound(self, quantize: str, signature: Signature, recurrent: bool = False) -> tuple[str, float]:
        """Which difference is bounded, `largest` or `mean`, and the bound.

        Args:
            quantize: the file's quantization.
            signature: each pass of its network may add the error of one; see `Signature.passes`.
            recurrent: whether each step starts from the previous state.
        """
        if quantize in ("dynamic", "int8"):
            return "mean", self.quantized
        figure = "mean" if signature.compared else "largest"
        if quantize == "float16":
            return figure, signature.passes * self.float16
        return figure, signature.passes * (self.recurrent if recurrent else self.float32)


def run_keras(network: keras.Model, signature: Signature, inputs: Arrays, chunk: int = 64) -> Arrays:
    """The outputs by name of the network as trained, for at most `chunk` examples at once."""
    count = len(next(iter(inputs.values())))
    chunk = max(1, min(chunk, _NUMBERS_AT_ONCE * count // max(values.size for values in inputs.values())))
    parts = []
    for start in range(0, count, chunk):
        values = [keras.ops.convert_to_tensor(inputs[name][start : start + chunk]) for name in signature.inputs]
        parts.append([keras.ops.convert_to_numpy(output) for output in run(network, values)])
    return {name: np.concatenate([part[i] for part in parts]) for i, name in enumerate(signature.outputs)}


def run_sequence(
    call: Callable[[Arrays], Arrays],
    inputs: Arrays,
    feedback: Mapping[str, str],
    batch: int,
    longest: int | None = None,
) -> Arrays:
    """Run a recurrent signature step by step.

    Args:
        call: one step.
        inputs: `[steps * batch, ...]` each; for those that are fed back only the first step is used.
        feedback: output name -> the input of the next step that it becomes.
        batch: number of parallel sequences.
        longest: number of steps after which sequences restart, from the states in the inputs.

    Returns:
        `[steps * batch, ...]` for each output.
    """
    count = len(next(iter(inputs.values())))
    state: Arrays = {}
    parts = []
    for step, start in enumerate(range(0, count, batch)):
        if longest and step % longest == 0:
            state = {}
        outputs = call({name: values[start : start + batch] for name, values in inputs.items()} | state)
        state = {target: outputs[source] for source, target in feedback.items()}
        parts.append(outputs)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def by_size(answers: Sequence[Arrays]) -> Arrays:
    """Outputs for inputs of several sizes, as those of one signature: `picture`, `picture [1, 24, 40, 3]`, ..."""
    first, *others = answers
    return first | {f"{name} {list(values.shape)}": values for part in others for name, values in part.items()}


def run_saved_model(folder: Path, inputs: Mapping[str, Sequence[Arrays]], work: Path) -> dict[str, list[Arrays]]:
    """Run all signatures of a SavedModel with TensorFlow only, in a new process.

    Args:
        folder: the SavedModel's folder.
        inputs: for each signature, one entry per size.
        work: a temporary folder.

    Raises:
        VerificationError: it cannot be loaded or run.
    """
    inputs_path, outputs_path = work / "inputs.npz", work / "outputs.npz"
    arrays = {
        f"{name}/{size}/{key}": values
        for name, parts in inputs.items()
        for size, part in enumerate(parts)
        for key, values in part.items()
    }
    np.savez(inputs_path, allow_pickle=False, **arrays)
    script = str(Path(check_saved_model.__file__).resolve())
    command = [sys.executable, "-P", script, str(folder), str(inputs_path), str(outputs_path)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        last = (finished.stderr.strip().splitlines() or ["no message"])[-1]
        raise VerificationError(f"the SavedModel does not run without Keras: {last}")
    outputs: dict[str, list[Arrays]] = {name: [{} for _ in parts] for name, parts in inputs.items()}
    with np.load(outputs_path, allow_pickle=False) as archive:
        for key in archive.files:
            name, size, tensor = key.split("/", 2)
            outputs[name][int(size)][tensor] = archive[key]
    return outputs


def require_finite(what: str, arrays: Arrays) -> None:
    """
    Raises:
        VerificationError: a number is NaN or infinite.
    """
    for name, values in arrays.items():
        bad = int(np.size(values) - np.isfinite(values).sum())
        if bad:
            raise VerificationError(f"{what}: {bad} of {np.size(values)} numbers of {name} are not finite")


def compare(what: str, reference: Arrays, answer: Arrays, bound: tuple[str, float]) -> dict[str, Any]:
    """`{"largest": .., "mean": .., "scale": .., "bounded": "largest", "bound": ..}` over all outputs of a signature.

    `scale` is max(1, largest value of Keras); the differences are absolute.

    Raises:
        VerificationError: a number of either side is not finite, a shape differs, or the bound is exceeded.
    """
    if set(reference) != set(answer):
        raise VerificationError(f"{what}: outputs are {sorted(answer)}, expected {sorted(reference)}")
    require_finite(f"{what}, in Keras", reference)
    require_finite(f"{what}, in the file", answer)
    largest, total, count, scale = 0.0, 0.0, 0, 1.0
    worst: tuple[float, str] = (-1.0, "")
    figure, limit = bound
    for name, expected in reference.items():
        got = answer[name]
        if expected.shape != got.shape:
            raise VerificationError(f"{what}: {name} is {got.shape}, expected {expected.shape}")
        difference = np.abs(expected.astype("float64") - got.astype("float64"))
        own_scale = max(1.0, float(np.abs(expected).max()))
        own = float(difference.max() if figure == "largest" else difference.mean())
        worst = max(worst, (own / own_scale, name))
        scale = max(scale, own_scale)
        largest = max(largest, float(difference.max()))
        total, count = total + float(difference.sum()), count + difference.size
    if worst[0] > limit:
        raise VerificationError(
            f"{what}: {worst[1]} differs from Keras by {worst[0]:.3g} ({figure}, relative to max(1, largest value)), "
            f"the limit is {limit:g}"
        )
    return {"largest": largest, "mean": total / count, "scale": scale, "bounded": figure, "bound": limit}


def comparable(signature: Signature, reference: Arrays, answer: Arrays) -> tuple[Arrays, Arrays]:
    """The two sides in comparable form: where outputs are indices (see `Signature.places`) the values of Keras at
    these; other outputs as `Signature.compared` returns them.

    Raises:
        VerificationError: an index is out of range.
    """
    found = [dict(reference), dict(answer)]
    for name, values in signature.places.items():
        for side in found:
            places, size = side[name], reference[values].shape[-1]
            if places.min() < 0 or places.max() >= size:
                raise VerificationError(
                    f"{name} holds {places.min()} to {places.max()}, and {values} has {size} places"
                )
            side[name] = np.take_along_axis(reference[values], places.astype(np.int64), axis=-1)
    for name, seen in signature.compared.items():
        for side in found:
            side[name] = seen(side[name])
    return found[0], found[1]


def compare_order(
    what: str, reference: Arrays, answer: Arrays, names: Sequence[str], limits: Limits
) -> dict[str, float]:
    """Whether single numbers `[count]` rank examples, ordinary and strange, as Keras does.

    Returns:
        `{"ranks": .., "ceiling": ..}`: the smallest rank correlation, and the largest share of examples that have the
        highest number of all, but not in Keras.

    Raises:
        VerificationError: a limit is exceeded.
    """
    worst = {"ranks": 1.0, "ceiling": 0.0}
    for name in names:
        ranks = rank_correlation(reference[name], answer[name])
        ceiling = float(np.mean(answer[name] == answer[name].max()) - np.mean(reference[name] == reference[name].max()))
        if ranks < limits.ranks or ceiling > limits.ceiling:
            raise VerificationError(
                f"{what}: {name} ranks ordinary and unusual examples differently from Keras: the rank correlation "
                f"is {ranks:.3f}, at least {limits.ranks:g} is needed, and {ceiling:.1%} too many have the highest "
                f"{name}, the limit is {limits.ceiling:.1%}: choose quantize float16, or train longer"
            )
        worst = {"ranks": min(worst["ranks"], ranks), "ceiling": max(worst["ceiling"], ceiling)}
    return worst
