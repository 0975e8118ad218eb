"""Tiled inference of exported files on a one-megapixel photograph: time, memory, and loss in dB."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from aigc_tf.export.latency import THREADS, by_names_of_keras
from aigc_tf.export.runner import Runner
from aigc_tf.families.photo_model import PhotoModel
from aigc_tf.families.restoration.model import Restorer
from aigc_tf.metrics.images.restoration import MAX_PHOTOS, MAX_SIDE, likeness
from aigc_tf.runs.run import Run
from tools import tflite_restore
from tools.benchmarks import onnx_runtime
from tools.benchmarks.tables import markdown
from tools.tflite_restore import TILE, Squares, restored, squares_of

SIDE = 1000  # pixels, side of the photograph
ROUNDS = 3
KERAS, WHOLE, ONNX = "Keras LiteRT export", "Keras LiteRT export, not in squares", "ONNX Runtime, float32"
_HEAD = ("file", "processor s, 1 thread", "s, 1 thread", "2 threads")
_FURTHER = (
    *("times as fast as Keras's, processor", "1 thread", "2 threads"),
    *("PSNR of test photographs, dB", "loss, dB", "memory of the process, MB"),
)
# Includes Python, numpy and Pillow. `getrusage` would count the parent, too.
_WITH_MEMORY = (
    "import atexit, runpy, sys\n"
    "def tell(): print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))\n"
    "atexit.register(tell)\n"
    "sys.argv = sys.argv[1:]\n"
    "runpy.run_path(sys.argv[0], run_name='__main__')\n"
)

Call = Callable[..., dict[str, np.ndarray]]
"""The inputs of a signature by name -> its outputs."""


def megapixel(run: Run, files: Mapping[str, Path], keras_file: Path, work: Path, side: int = SIDE) -> dict[str, Any]:
    """Seconds per photograph, timed alternately, medians of `ROUNDS`; PSNR and memory of our files.

    Args:
        run: run of a photograph model.
        files: our files for any size, by label.
        keras_file: Keras's export of the same network.
        work: folder for temporary files.
        side: height and width of the photograph.

    Returns:
        For each file `seconds` by number of threads, and `processor_seconds` with one, which other programs hardly
        affect; for ours also `psnr_db` of restored test photographs and `process_bytes`.
    """
    model: PhotoModel = run.model
    photo = photograph(run, side)
    Image.fromarray(photo[..., 0] if photo.shape[-1] == 1 else photo).save(work / "photo.png")
    pictures, numbers = {"image": photo}, {}
    for tensor in model.used.inputs:
        if tensor.name == "mask":
            pictures["mask"] = np.where(np.random.default_rng(0).random((side, side, 1)) < 0.05, 255, 0).astype(
                np.uint8
            )
            Image.fromarray(pictures["mask"][..., 0]).save(work / "mask.png")
        elif len(tensor.shape) == 2:
            numbers[tensor.name] = np.full((1, 1), 25, np.float32)
    squares = squares_of(model.export_metadata(), (1, -1, -1, photo.shape[-1]), TILE)
    contenders: dict[str, Callable[[int], Call]] = {
        KERAS: partial(keras_call, keras_file, model),
        WHOLE: partial(keras_call, keras_file, model),
    }
    contenders |= {label: partial(our_call, path, model.signature) for label, path in files.items()}
    if onnx_runtime.installed():
        contenders[ONNX] = onnx_call(model, squares, side, work / "photographs.onnx")
    rows = in_turns(contenders, partial(restored, pictures=pictures, beside=numbers), squares, side)
    for label, path in files.items():
        rows[label]["process_bytes"] = process_bytes(path, work, "mask" in pictures)
        if isinstance(model, Restorer):
            rows[label]["psnr_db"] = psnr_of_test_photographs(run, our_call(path, model.signature, 1), squares)
    if isinstance(model, Restorer):
        rows[KERAS]["psnr_db"] = psnr_of_test_photographs(run, keras_call(keras_file, model, 1), squares)
    return rows


def photograph(run: Run, side: int) -> np.ndarray:
    """A test photograph, uint8 `[side, side, channels]`, mirror-padded if it is smaller."""
    (photo,) = run.source.middles("test", 1, side, 1)
    pixels = run.model.examples(photo[np.newaxis], 0)["image"] if run.model.scale == 1 else photo[np.newaxis]
    around = [(0, side - size) for size in photo.shape[:2]]
    return _in_8_bit(np.pad(pixels[0], [*around, (0, 0)], mode="symmetric"))


def in_turns(
    contenders: Mapping[str, Callable[[int], Call]], restore: Callable[..., Any], squares: Squares, side: int
) -> dict[str, dict[str, Any]]:
    """`seconds` and `processor_seconds` of each contender: medians of alternating rounds."""
    rows: dict[str, dict[str, Any]] = {label: {"seconds": {}} for label in contenders}
    all_at_once = Squares(-(-side // squares.multiple) * squares.multiple, 0, squares.multiple, fixed=True)
    for threads in THREADS:
        calls = {label: prepare(threads) for label, prepare in contenders.items()}
        times: dict[str, list[tuple[float, float]]] = {label: [] for label in contenders}
        for label in tqdm([*contenders] * ROUNDS, f"{threads} threads"):
            start = time.perf_counter(), time.process_time()
            restore(calls[label], squares=all_at_once if label == WHOLE else squares)
            times[label].append((time.perf_counter() - start[0], time.process_time() - start[1]))
        for label, found in times.items():
            seconds, processor = np.median(found, axis=0)
            rows[label]["seconds"][str(threads)] = round(float(seconds), 3)
            rows[label].setdefault("processor_seconds", round(float(processor), 3))
    return rows


def our_call(path: Path, signature: str, threads: int) -> Call:
    """A signature of one of our files."""
    runner = Runner(path, threads)
    return lambda **inputs: runner(signature, **inputs)


def keras_call(path: Path, model: PhotoModel, threads: int) -> Call:
    """Keras's file, with our tensor names."""
    runner = Runner(path, threads)
    (signature,) = model.signatures().values()

    def call(**inputs: np.ndarray) -> dict[str, np.ndarray]:
        return runner(runner.names[0], **by_names_of_keras(runner, signature, inputs))

    return call


def onnx_call(model: PhotoModel, squares: Squares, side: int, path: Path) -> Callable[[int], Call]:
    """The network in ONNX Runtime, for the fixed size of the photograph's tiles."""
    length = squares.lengths(side)[1] + 2 * squares.overlap
    inputs = {
        tensor.name: np.zeros((1, length, length, tensor.shape[-1]) if len(tensor.shape) == 4 else (1, 1), np.float32)
        for tensor in model.used.inputs
    }
    onnx_runtime.write(model.used, inputs, path)

    def prepare(threads: int) -> Call:
        session = onnx_runtime.session(path, threads)
        return lambda **given: {"picture": session.run(None, given)[0]}

    return prepare


def psnr_of_test_photographs(run: Run, call: Call, squares: Squares) -> float:
    """Mean PSNR in dB of photographs or their centre crops, degraded with the middle one of the measured strengths."""
    model: Restorer = run.model
    strengths = list(model.degradation.measured.values())
    found = []
    for index, clean in enumerate(run.source.middles("test", MAX_PHOTOS, MAX_SIDE, model.multiple)):
        inputs = model.examples(clean[np.newaxis], index, strengths[len(strengths) // 2])
        pictures = {name: _in_8_bit(value[0]) for name, value in inputs.items() if value.ndim == 4}
        numbers = {name: value for name, value in inputs.items() if value.ndim == 2}
        made = restored(call, pictures, numbers, squares).astype(np.float32) / 255
        found.append(likeness(made, clean, model.degradation.counted(inputs))[0])
    return float(np.mean(found))


def _in_8_bit(picture: np.ndarray) -> np.ndarray:
    """Brightness in [0, 1] as uint8."""
    return np.rint(255 * np.clip(picture, 0, 1)).astype(np.uint8)


def process_bytes(path: Path, work: Path, masked: bool) -> int:
    """Peak memory of `tools/tflite_restore.py` with one thread."""
    program = str(Path(tflite_restore.__file__).resolve())
    command = [sys.executable, "-c", _WITH_MEMORY, program, str(path), str(work / "photo.png")]
    command += ["--out", str(work / "restored.png"), *(["--mask", str(work / "mask.png")] if masked else [])]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    return 1024 * int(finished.stdout.splitlines()[-1])


def table(rows: Mapping[str, Mapping[str, Any]], side: int = SIDE) -> str:
    """The rows as a Markdown table."""
    lines = []
    for label, row in rows.items():
        seconds, theirs = (
            [found["processor_seconds"], *(found["seconds"][str(threads)] for threads in THREADS)]
            for found in (row, rows[KERAS])
        )
        psnr, before, memory = row.get("psnr_db"), rows[KERAS].get("psnr_db"), row.get("process_bytes")
        loss = None if psnr is None or before is None else before - psnr
        ratios = [slow / fast if fast else None for slow, fast in zip(theirs, seconds, strict=True)]
        lines.append([label, *seconds, *ratios, psnr, loss, memory and memory / 1e6])
    return f"A photograph of {side} x {side} pixels\n\n{markdown([*_HEAD, *_FURTHER], lines)}"
