"""Pruning of weights or whole channels: loss of quality, and gain in file size and latency."""

from __future__ import annotations

import dataclasses
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aigc_tf
from aigc_tf.engine.distillation import exported_weights, narrower, prune, prune_channels
from aigc_tf.errors import InputError, say
from aigc_tf.export import latency
from aigc_tf.recipes.settings import CheckpointSettings, LoggingSettings
from aigc_tf.runs import paths
from aigc_tf.runs.run import Run
from tools.benchmarks.figures import asked, compared, directed
from tools.benchmarks.readings import NEVER, Results, report_of
from tools.benchmarks.tables import markdown

THE_RUN, GONE_ON, WEIGHTS = "the run", "the run, trained further", "single weights"
CHANNELS, ALONE = "whole channels", "as few channels, from new weights"
FOLDERS = {THE_RUN: "run", GONE_ON: "gone-on", WEIGHTS: "weights", CHANNELS: "channels", ALONE: "alone"}
MODEL = "model.tflite"


def pruning(
    run: Path, sparsities: Sequence[float], steps: int, samples: int, figure: str | None, results: Path
) -> dict[str, Any]:
    """Quality of pruned runs on the test part, and size and latency of their files; reuses finished `results`.

    Args:
        run: run of a GAN or a restoration network, whose channels can be pruned.
        sparsities: shares of the weights that are pruned.
        steps: fine-tuning steps; networks trained from new weights take the run's steps plus these.
        samples: maximum number of samples per measurement.
        figure: figure of the table; see `tools.benchmarks.figures.asked`.
        results: JSON Lines file of finished results; pruned runs are stored next to it, and resumed.

    Raises:
        InputError: a sparsity is not between 0 and 1, the run's channels cannot be pruned, or there is no such figure.
    """
    wrong = [sparsity for sparsity in sparsities if not 0 < sparsity < 1]
    if wrong:
        raise InputError(f"sparsity is {wrong[0]:g}: give numbers between 0 and 1")
    teacher, done = Run.open(run), Results(results)
    of = {"run": str(teacher.path.resolve()), "at": teacher.step, "steps": steps}
    folder = results.parent / f"pruned-{hashlib.sha256(str(of).encode()).hexdigest()[:12]}"
    cells = [(THE_RUN, 0.0), (GONE_ON, 0.0)]
    cells += [(method, sparsity) for sparsity in sparsities for method in (WEIGHTS, CHANNELS, ALONE)]
    rows, runs = [], []
    for method, sparsity in cells:
        key = of | {"method": method, "sparsity": sparsity, "samples": samples}
        say(f"\n{method}, {sparsity:.0%} of the weights removed")
        runs.append(made(teacher, method, sparsity, steps, folder / f"{FOLDERS[method]}-{sparsity:g}"))
        if not done.find(**key):
            report = report_of(runs[-1].model, teacher.source, runs[-1].recipe, samples)
            figures, weights = directed(report), exported_weights(runs[-1].model)
            done.add(**key, compared=compared(teacher.recipe, report), weights=weights, figures=figures)
        rows += done.find(**key)[:1]
        say(f"{(name := asked(rows[-1], figure))} {rows[-1]['figures'][name]:.4g}")
    rows = [row | file for row, file in zip(rows, files(runs, folder), strict=True)]
    return {"rows": rows, "table": table(rows, figure)}


def made(teacher: Run, method: str, sparsity: float, steps: int, path: Path) -> Run:
    """The run of one method, trained, or resumed if training was interrupted."""
    if method == THE_RUN:
        return teacher
    plan: dict[str, Any] = {
        "steps": steps,
        "seconds": None,
        "logging": LoggingSettings(samples_every=NEVER, evaluate_every=NEVER),
        "checkpoints": CheckpointSettings(keep=1),
    }
    if method == ALONE:
        recipe = narrower(teacher, 1 - sparsity, **plan)
        recipe = dataclasses.replace(recipe, steps=teacher.step + steps)
        return aigc_tf.train(recipe, path, resume=(path / paths.RECIPE).is_file())
    return (prune_channels if method == CHANNELS else prune)(teacher, sparsity, path, **plan)


def files(runs: Sequence[Run], folder: Path) -> list[dict[str, Any]]:
    """Size, compressed size and latency per call of each run's exported file, timed alternately."""
    signatures = runs[0].model.signatures()
    name, signature = next(iter(signatures.items()))
    inputs = [signature.examples, *signature.other_sizes][-1](1, 0)
    places = [folder / "files" / str(index) for index in range(len(runs))]
    for run, place in zip(runs, places, strict=True):
        run.export(out=place, measure=False, compare_with_keras=False)
    contenders = {str(place): latency.litert(place / MODEL, name, inputs) for place in places}
    found = latency.in_turns(contenders)
    return [
        {
            "bytes": (place / MODEL).stat().st_size,
            "zipped_bytes": len(zlib.compress((place / MODEL).read_bytes(), 9)),
            "latency": found[str(place)],
        }
        for place in places
    ]


def table(rows: Sequence[Mapping[str, Any]], figure: str | None = None) -> str:
    """The rows as a Markdown table; sizes in kB, latency in ms per call, batch 1."""
    name = asked(rows[0], figure)
    head = ("method", "weights gone", "weights", name, "file, kB", "zipped, kB", "ms, 1 thread", "ms, 2 threads")
    lines = [
        (
            row["method"],
            f"{row['sparsity']:.0%}",
            row["weights"],
            row["figures"][name],
            row["bytes"] / 1000,
            row["zipped_bytes"] / 1000,
            *(row["latency"][threads]["median_ms"] for threads in ("1", "2")),
        )
        for row in rows
    ]
    return markdown(head, lines)
