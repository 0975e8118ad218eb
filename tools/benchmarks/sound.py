"""Sound models on their test recordings, and the real-time factor of an exported file."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from aigc_tf.data.sound.recording import fitted, read_recording
from aigc_tf.data.sound.spectrograms import spectrograms
from aigc_tf.export.runner import Runner
from aigc_tf.metrics.sound.features import of_source
from aigc_tf.metrics.sound.recognition import told
from aigc_tf.runs.run import Run
from tools.benchmarks.music import table as table_of

_CALLS = 64  # timed calls


def sound(runs: Sequence[Path], samples: int, real: Path | None) -> dict[str, Any]:
    """Figures of `evaluate` for each run, and the real-time factor of its `.tflite`, one thread.

    Args:
        runs: run folders.
        samples: number of sounds generated per run.
        real: folder of recordings named by their class, to test the evaluating classifier; None: no test.
    """
    rows = [measured(Run.open(path), samples, real) for path in runs]
    return {"runs": rows, "table": "\n\n".join(table_of([row]) for row in rows)}


def measured(run: Run, samples: int, real: Path | None) -> dict[str, Any]:
    """The figures of one run."""
    report = run.evaluate(samples=samples)
    figures = {name: value for name, value in report.items() if isinstance(value, float)}
    if real is not None:
        figures["recognition_of_real_recordings"] = recognised(run, real)
    return {
        "run": str(run.path),
        "seed": run.recipe.seed,
        "step": run.step,
        "figures": figures,
        "baselines": report["baselines"],
        "real_time_factor": real_time_factor(run),
    }


def recognised(run: Run, folder: Path) -> float:
    """Accuracy of the run's classifier on recordings `CLASS.wav`, or `NUMBER.wav` for digits."""
    source: Any = run.source
    settings, names = source.settings, list(source.class_names)
    digits = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    spoken = {name: names.index(name) for name in names}
    spoken |= {str(number): names.index(word) for number, word in enumerate(digits) if word in names}
    files = [(path, spoken[path.stem]) for path in sorted(folder.glob("*.wav")) if path.stem in spoken]
    sounds = np.stack([fitted(read_recording(path, settings), settings.samples) for path, _ in files])
    known = told(of_source(source), np.round(spectrograms(sounds, settings) * 255).astype(np.uint8))
    return float((known == [label for _, label in files]).mean())


def real_time_factor(run: Run) -> float:
    """Seconds of sound that an exported file generates per second on one thread, all calls included."""
    recipe: Any = run.recipe
    settings = recipe.sound
    with tempfile.TemporaryDirectory() as folder:
        file = run.export(out=Path(folder) / "out", measure=False, compare_with_keras=False).path
        runner, signatures = Runner(file), run.model.signatures()
        milliseconds = 0.0
        for name, calls in calls_of_a_sound(set(signatures), settings.frames).items():
            examples = signatures[name].examples(1, 0)
            milliseconds += calls * runner.latency(name, examples, seconds=20.0, runs=_CALLS)["median_ms"]
    return float(1e3 * settings.samples / settings.rate / milliseconds)


def calls_of_a_sound(signatures: set[str], frames: int) -> dict[str, int]:
    """Number of calls of each signature for one sound of `frames` frames."""
    if "step" in signatures:
        return {"step": frames, "synthesise": 1}
    if "speak" in signatures:
        return {"encode": 1, "speak": 1}
    return {"generate" if "generate" in signatures else "decode": 1}
